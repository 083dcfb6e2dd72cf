use core::iter::FusedIterator;

use bytemuck::PodCastError;

use crate::token::Token;

/// Why bytes are not tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BytesError {
    /// The bytes end inside a token.
    #[error("byte length {len}, expected a multiple of {}", Token::SIZE)]
    Length {
        /// The number of bytes.
        len: usize,
    },

    /// The bytes do not begin at a token's alignment.
    #[error(
        "bytes begin {excess} past an address that is a multiple of {align}, expected 0 past",
        align = align_of::<Token>()
    )]
    Misaligned {
        /// The address modulo the alignment of a token.
        excess: usize,
    },
}

/// Views tokens as their stored bytes.
#[inline]
#[must_use]
pub fn as_bytes(tokens: &[Token]) -> &[u8] {
    bytemuck::cast_slice(tokens)
}

/// Views tokens as mutable bytes, for readers that fill tokens in place.
#[inline]
#[must_use]
pub fn as_bytes_mut(tokens: &mut [Token]) -> &mut [u8] {
    bytemuck::cast_slice_mut(tokens)
}

/// Views stored bytes as tokens, without a copy.
///
/// An empty slice is valid at any address. Only length and alignment are checked; for the
/// content, see [`Token::validate`].
///
/// # Errors
///
/// [`BytesError::Length`] if `bytes` is not a whole number of tokens,
/// [`BytesError::Misaligned`] if it does not begin at a multiple of 64;
/// [`read_unaligned`] reads those.
pub fn try_tokens(bytes: &[u8]) -> Result<&[Token], BytesError> {
    if bytes.is_empty() {
        return Ok(&[]);
    }
    bytemuck::try_cast_slice(bytes).map_err(|cause| explain(cause, bytes.len(), bytes.as_ptr()))
}

/// Views stored bytes as mutable tokens, without a copy.
///
/// # Errors
///
/// As [`try_tokens`].
pub fn try_tokens_mut(bytes: &mut [u8]) -> Result<&mut [Token], BytesError> {
    if bytes.is_empty() {
        return Ok(&mut []);
    }
    let (len, start) = (bytes.len(), bytes.as_ptr());
    bytemuck::try_cast_slice_mut(bytes).map_err(|cause| explain(cause, len, start))
}

/// Reads tokens from stored bytes at any address, one copy each.
///
/// # Errors
///
/// [`BytesError::Length`] if `bytes` is not a whole number of tokens.
pub fn read_unaligned(bytes: &[u8]) -> Result<UnalignedTokens<'_>, BytesError> {
    match bytes.as_chunks() {
        (records, []) => Ok(UnalignedTokens {
            records: records.iter(),
        }),
        _ => Err(BytesError::Length { len: bytes.len() }),
    }
}

/// Iterates over copies of stored tokens; [`read_unaligned`] makes it.
#[derive(Clone, Debug)]
pub struct UnalignedTokens<'a> {
    records: core::slice::Iter<'a, [u8; Token::SIZE]>,
}

impl Iterator for UnalignedTokens<'_> {
    type Item = Token;

    #[inline]
    fn next(&mut self) -> Option<Token> {
        self.records.next().map(Token::from_bytes)
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.records.size_hint()
    }

    #[inline]
    fn nth(&mut self, n: usize) -> Option<Token> {
        self.records.nth(n).map(Token::from_bytes)
    }
}

impl DoubleEndedIterator for UnalignedTokens<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<Token> {
        self.records.next_back().map(Token::from_bytes)
    }
}

impl ExactSizeIterator for UnalignedTokens<'_> {}

impl FusedIterator for UnalignedTokens<'_> {}

impl Token {
    /// Views the token as its stored bytes.
    #[inline]
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; Self::SIZE] {
        bytemuck::cast_ref(self)
    }

    /// Copies a token out of its stored bytes, at any address.
    #[inline]
    #[must_use]
    pub fn from_bytes(bytes: &[u8; Self::SIZE]) -> Self {
        bytemuck::cast(*bytes)
    }
}

/// Turns bytemuck's causes into ours, adding the figures it lacks.
fn explain(cause: PodCastError, len: usize, start: *const u8) -> BytesError {
    match cause {
        PodCastError::TargetAlignmentGreaterAndInputNotAligned => BytesError::Misaligned {
            excess: start.addr() % align_of::<Token>(),
        },
        PodCastError::OutputSliceWouldHaveSlop
        | PodCastError::SizeMismatch
        | PodCastError::AlignmentMismatch => BytesError::Length { len },
    }
}
