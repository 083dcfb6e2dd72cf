//! Tokens to work on, and files and sums of them.

use std::path::Path;

use ng_store::*;
use ng_token::*;

use crate::Outcome;

/// The token at an index: its id is the index.
pub(crate) fn token(index: usize) -> Token {
    Token::new(index as u32)
}

/// Any store works: in memory, a map, or a snapshot.
pub(crate) fn sum_of_ids(store: &dyn TokenStore) -> u64 {
    sum(store.tokens())
}

pub(crate) fn sum(tokens: &[Token]) -> u64 {
    tokens.iter().map(|token| u64::from(token.id().raw())).sum()
}

/// The sum of the first ids.
pub(crate) fn sum_to(count: u64) -> u64 {
    count * count.saturating_sub(1) / 2
}

/// Appends this many tokens to any sink, and commits them.
pub(crate) fn append<S: TokenSink>(sink: &mut S, count: usize) -> Outcome {
    let start = sink.appended_tokens() as usize;
    sink.append_with(count, |index| token(start + index))?;
    sink.commit()?;
    Ok(())
}

/// Writes a file with this many tokens.
pub(crate) fn file_of(path: &Path, count: usize) -> Outcome {
    let store = (0..count).map(token).collect::<VecStore>();
    store.save(path, &CreateOptions::new())?;
    Ok(())
}
