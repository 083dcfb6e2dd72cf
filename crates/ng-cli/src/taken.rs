use anyhow::Result;
use ng_store::{NoHash, TokenSink};
use ng_token::Token;

use crate::watched::NotAppended;

/// A sink that passes tokens on in order, to something other than a token file, without hashes.
pub(crate) struct Taken<T> {
    take: T,
    tokens: u64,
}

impl<T: FnMut(&[Token]) -> Result<()>> Taken<T> {
    pub(crate) fn by(take: T) -> Self {
        Self { take, tokens: 0 }
    }
}

impl<T: FnMut(&[Token]) -> Result<()>> TokenSink for Taken<T> {
    type Error = NotAppended;
    type Hasher = NoHash;

    fn appended_tokens(&self) -> u64 {
        self.tokens
    }

    fn reserve(&mut self, _additional: usize) -> Result<(), NotAppended> {
        Ok(())
    }

    fn append(&mut self, tokens: &[Token]) -> Result<(), NotAppended> {
        (self.take)(tokens)?;
        self.tokens += tokens.len() as u64;
        Ok(())
    }

    fn append_with(
        &mut self,
        count: usize,
        f: impl Fn(usize) -> Token + Sync,
    ) -> Result<(), NotAppended> {
        (0..count).try_for_each(|index| self.append(&[f(index)]))
    }

    fn block_hasher(&self) -> NoHash {
        NoHash
    }

    fn append_hashed(&mut self, tokens: &[Token], _hashes: &[u64]) -> Result<(), NotAppended> {
        self.append(tokens)
    }

    /// The consumer decides what is durable.
    fn commit(&mut self) -> Result<(), NotAppended> {
        Ok(())
    }
}
