use ng_store::disk::Dir;
use ng_store::{BLOCK_TOKENS, NoHash, TokenSink, whole_blocks};
use ng_token::Token;

use super::Writer;
use crate::DatasetError;

/// What feeds a store feeds a dataset. Blocks are hashed as they are appended: where a block
/// begins is up to the tail.
impl<R: Dir + Send + Sync + 'static> TokenSink for Writer<R> {
    type Error = DatasetError;
    type Hasher = NoHash;

    fn appended_tokens(&self) -> u64 {
        Self::appended_tokens(self)
    }

    /// Reserves space in the tail, at most for what it takes before it rolls.
    fn reserve(&mut self, additional: usize) -> Result<(), DatasetError> {
        self.begin()?;
        let here = self.room().min(additional as u64);
        Ok(self.tail.writer.reserve(here)?)
    }

    fn append(&mut self, tokens: &[Token]) -> Result<(), DatasetError> {
        Self::append(self, tokens)
    }

    fn append_with(
        &mut self,
        count: usize,
        f: impl Fn(usize) -> Token + Sync,
    ) -> Result<(), DatasetError> {
        Self::append_with(self, count, f)
    }

    fn block_hasher(&self) -> NoHash {
        NoHash
    }

    fn append_hashed(&mut self, tokens: &[Token], hashes: &[u64]) -> Result<(), DatasetError> {
        let start = (Self::appended_tokens(self) % BLOCK_TOKENS as u64) as usize;
        let blocks = whole_blocks(start, tokens.len()).len();
        assert_eq!(
            hashes.len(),
            blocks,
            "{} hashes for {blocks} whole blocks",
            hashes.len()
        );
        Self::append(self, tokens)
    }

    fn commit(&mut self) -> Result<(), DatasetError> {
        Self::commit(self)
    }
}
