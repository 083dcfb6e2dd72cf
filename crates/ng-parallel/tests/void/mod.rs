//! A sink that stores nothing, for long ingests.

use std::convert::Infallible;

use ng_store::{BlockHasher, TokenSink};
use ng_token::Token;

/// Takes tokens and keeps none.
#[derive(Default)]
pub(crate) struct Void {
    pub(crate) appended: u64,
    pub(crate) id_sum: u64,
}

#[derive(Clone)]
pub(crate) struct SumsIds;

impl BlockHasher for SumsIds {
    fn hash_block(&self, _block_index: u64, tokens: &[Token]) -> u64 {
        tokens.iter().map(|token| u64::from(token.id().raw())).sum()
    }
}

impl TokenSink for Void {
    type Error = Infallible;
    type Hasher = SumsIds;

    fn appended_tokens(&self) -> u64 {
        self.appended
    }

    fn reserve(&mut self, _additional: usize) -> Result<(), Infallible> {
        Ok(())
    }

    fn append(&mut self, tokens: &[Token]) -> Result<(), Infallible> {
        self.append_hashed(tokens, &[])
    }

    fn append_with(
        &mut self,
        count: usize,
        f: impl Fn(usize) -> Token + Sync,
    ) -> Result<(), Infallible> {
        (0..count).try_for_each(|index| self.append(&[f(index)]))
    }

    fn block_hasher(&self) -> SumsIds {
        SumsIds
    }

    fn append_hashed(&mut self, tokens: &[Token], hashes: &[u64]) -> Result<(), Infallible> {
        self.appended += tokens.len() as u64;
        self.id_sum += hashes.iter().sum::<u64>();
        Ok(())
    }

    fn commit(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
