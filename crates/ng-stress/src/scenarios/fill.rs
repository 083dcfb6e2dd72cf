//! Tokens for scenarios that measure something other than creating them.

use ng_lab::{Failure, Pages};
use ng_parallel::Workers;
use ng_store::{PagePolicy, VecStore, VecStoreError};
use ng_token::Token;

/// Bytes of `count` tokens.
pub(super) fn bytes_of(count: u64) -> u64 {
    count * size_of::<Token>() as u64
}

/// The token at `index` of every generated sequence.
#[inline]
pub(crate) fn token(index: usize) -> Token {
    Token::new(index as u32)
}

/// An empty store with room for `count` tokens on `pages`.
pub(super) fn reserved(count: usize, pages: Pages) -> Result<VecStore, VecStoreError> {
    let mut store = VecStore::with_policy(match pages {
        Pages::Small => PagePolicy::Base,
        Pages::Huge => PagePolicy::Huge,
    });
    store.reserve_exact(count)?;
    Ok(store)
}

/// A store of the first `count` tokens, filled on the calling thread.
pub(super) fn filled(count: usize, pages: Pages) -> Result<VecStore, Failure> {
    let mut store = reserved(count, pages)?;
    ng_parallel::fill(&workers(1)?, &mut store, count, token)?;
    Ok(store)
}

/// A plain vector of the first `count` tokens, pushed one by one.
pub(super) fn pushed(count: usize) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(count);
    for index in 0..count {
        tokens.push(token(index));
    }
    tokens
}

/// `threads` workers.
pub(super) fn workers(threads: usize) -> Result<Workers, Failure> {
    Ok(Workers::new(threads)?)
}
