use ng_store::{BLOCK_TOKENS, BlockReader, Commit, Snapshot, TokenStore, VecStore};
use ng_token::Token;

use crate::{Parts, ReaderRows};

/// The tokens that are queried.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Source<'a> {
    /// Tokens in memory.
    Tokens(&'a [Token]),
    /// Tokens of a mapped file, or some of them. Blocks are counted from the snapshot's own first
    /// position, and nothing is verified.
    Snapshot(&'a Snapshot),
    /// Tokens of a file, read and verified block by block; the file may be larger than memory.
    Reader(&'a BlockReader),
    /// Some rows of a file, read and verified block by block.
    Rows(&'a ReaderRows),
    /// Several sources as one, each with an index of its own if it has one.
    Parts(&'a dyn Parts),
}

impl Source<'_> {
    /// Returns the number of tokens.
    pub fn len(&self) -> u64 {
        match self {
            Self::Tokens(tokens) => tokens.len() as u64,
            Self::Snapshot(snapshot) => snapshot.len() as u64,
            Self::Reader(reader) => reader.len(),
            Self::Rows(rows) => rows.len(),
            Self::Parts(parts) => {
                let tokens = (0..parts.part_count()).map(|part| parts.part_tokens(part));
                tokens.fold(0, u64::saturating_add)
            }
        }
    }

    /// The number of blocks, including partial ones.
    pub(crate) fn blocks(&self) -> u64 {
        let blocks = |tokens: u64| tokens.div_ceil(BLOCK_TOKENS as u64);
        match self {
            Self::Parts(parts) => (0..parts.part_count())
                .map(|part| blocks(parts.part_tokens(part)))
                .sum(),
            source => blocks(source.len()),
        }
    }

    /// Returns the commit, if these are all of its tokens.
    pub(crate) fn commit(&self) -> Option<Commit> {
        match self {
            Self::Tokens(_) => None,
            Self::Snapshot(snapshot) => {
                let commit = *snapshot.commit();
                let is_whole = snapshot.start() == 0 && snapshot.len() as u64 == commit.tokens;
                is_whole.then_some(commit)
            }
            Self::Reader(reader) => Some(reader.commit()),
            Self::Rows(rows) => rows.commit(),
            Self::Parts(_) => None,
        }
    }

    /// Tells whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<'a> From<&'a [Token]> for Source<'a> {
    fn from(tokens: &'a [Token]) -> Self {
        Self::Tokens(tokens)
    }
}

impl<'a> From<&'a Vec<Token>> for Source<'a> {
    fn from(tokens: &'a Vec<Token>) -> Self {
        Self::Tokens(tokens)
    }
}

impl<'a> From<&'a VecStore> for Source<'a> {
    fn from(store: &'a VecStore) -> Self {
        Self::Tokens(store.tokens())
    }
}

impl<'a> From<&'a Snapshot> for Source<'a> {
    fn from(snapshot: &'a Snapshot) -> Self {
        Self::Snapshot(snapshot)
    }
}

impl<'a> From<&'a BlockReader> for Source<'a> {
    fn from(reader: &'a BlockReader) -> Self {
        Self::Reader(reader)
    }
}

impl<'a> From<&'a ReaderRows> for Source<'a> {
    fn from(rows: &'a ReaderRows) -> Self {
        Self::Rows(rows)
    }
}

impl<'a> From<&'a dyn Parts> for Source<'a> {
    fn from(parts: &'a dyn Parts) -> Self {
        Self::Parts(parts)
    }
}
