use ng_token::Token;

use super::Head;
use crate::disk::{Disk, Source};
use crate::format::{BLOCK, FileBlockHasher, TAIL_TOKENS, hash_partial};
use crate::{IoError, OpenError};

/// The partial last block, checked against its hash.
#[derive(Debug)]
pub(crate) enum Tail {
    /// The tokens match their hash.
    Sound(Vec<Token>),
    /// They match with the tail image in place of their end.
    Restorable {
        /// The tokens, including the image's.
        tokens: Vec<Token>,
        /// The index in the file of the image's first token.
        image_start: u64,
        /// The hash of what is in the file.
        found: u64,
    },
    /// They do not match.
    Lost {
        /// The tokens as they are in the file.
        tokens: Vec<Token>,
        /// Their hash.
        found: u64,
    },
}

impl Tail {
    /// Reads the partial block, and the image only if necessary.
    pub(crate) fn read<D: Disk>(source: &Source<D>, head: &Head) -> Result<Self, IoError> {
        let (block, mut tokens) = read_partial_block(source, head)?;
        let hasher = FileBlockHasher::new(head.header.file_id);
        let found = hash_partial(hasher, block, &tokens);
        if found == head.slot.partial_hash {
            return Ok(Self::Sound(tokens));
        }
        let Some(image) = &head.tail_image else {
            return Ok(Self::Lost { tokens, found });
        };
        let as_found = tokens.clone();
        let bytes = ng_token::as_bytes_mut(&mut tokens);
        let keep = bytes.len() - image.len();
        bytes[keep..].copy_from_slice(image);
        if hash_partial(hasher, block, &tokens) != head.slot.partial_hash {
            let tokens = as_found;
            return Ok(Self::Lost { tokens, found });
        }
        Ok(Self::Restorable {
            tokens,
            image_start: head.slot.tokens - head.slot.tokens % TAIL_TOKENS,
            found,
        })
    }

    /// Returns the tokens, or a reader's error.
    pub(crate) fn sound<D: Disk>(
        self,
        source: &Source<D>,
        head: &Head,
    ) -> Result<Vec<Token>, OpenError> {
        let (found, restorable) = match self {
            Self::Sound(tokens) => return Ok(tokens),
            Self::Restorable { found, .. } => (found, true),
            Self::Lost { found, .. } => (found, false),
        };
        let (have, need) = (source.len()?, head.header.length_for(head.slot.tokens));
        if have < need && !restorable {
            return Err(OpenError::Truncated {
                path: source.path().to_owned(),
                have,
                need,
            });
        }
        Err(Self::damaged(source, head, found, restorable))
    }

    pub(crate) fn damaged<D: Disk>(
        source: &Source<D>,
        head: &Head,
        found: u64,
        restorable: bool,
    ) -> OpenError {
        let block = head.slot.tokens / BLOCK;
        OpenError::TailDamaged {
            path: source.path().to_owned(),
            block,
            offset: head.header.token_offset(block * BLOCK),
            found,
            expected: head.slot.partial_hash,
            restorable,
        }
    }
}

/// The tokens of the last block; zero beyond a premature end of the file.
fn read_partial_block<D: Disk>(
    source: &Source<D>,
    head: &Head,
) -> Result<(u64, Vec<Token>), IoError> {
    let block = head.slot.tokens / BLOCK;
    let mut tokens = vec![Token::ZERO; (head.slot.tokens % BLOCK) as usize];
    let offset = head.header.token_offset(block * BLOCK);
    source.read(ng_token::as_bytes_mut(&mut tokens), offset)?;
    Ok((block, tokens))
}
