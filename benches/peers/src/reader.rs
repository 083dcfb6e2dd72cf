//! Reading tokens from any store.

use anyhow::Result;
use bytemuck::pod_read_unaligned;
use ng_token::Token;

use crate::records::{Sum, matches};

/// Reads tokens, in memory or in an open file. Each call is a whole work, so that there is no
/// dispatch for single tokens.
pub(crate) trait Reader {
    /// Returns how many tokens there are.
    fn len(&self) -> Result<u64>;

    /// Returns the token at position 0.
    fn first(&self) -> Result<Token>;

    /// Sums the ids of all tokens.
    fn sum_ids(&self) -> Result<u64>;

    /// Sums over the tokens that match the filter.
    fn filter(&self) -> Result<Sum>;

    /// Appends whole tokens to `out`, in the order of `positions`.
    fn copy_out(&self, positions: &[usize], out: &mut Vec<Token>) -> Result<()>;
}

/// Sums ids by a plain loop.
pub(crate) fn sum_ids(tokens: &[Token]) -> u64 {
    tokens.iter().map(|token| u64::from(token.id().raw())).sum()
}

/// Filters by a plain loop.
pub(crate) fn filter(tokens: &[Token]) -> Sum {
    let mut sum = Sum::default();
    for token in tokens {
        if matches(token) {
            sum.add(token.id().raw());
        }
    }
    sum
}

/// Copies by a plain loop, one after the other.
pub(crate) fn copy_out(tokens: &[Token], positions: &[usize], out: &mut Vec<Token>) {
    out.extend(positions.iter().map(|&position| tokens[position]));
}

/// Reads a token from a database's value, which may be unaligned. Unused fields are not loaded.
///
/// # Panics
///
/// If the value is not as long as a token.
#[inline]
pub(crate) fn token_of(value: &[u8]) -> Token {
    pod_read_unaligned(value)
}
