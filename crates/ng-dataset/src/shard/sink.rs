use ng_store::disk::Dir;
use ng_store::{FileBlockHasher, TokenSink};
use ng_token::Token;

use super::NewShard;
use crate::DatasetError;

/// A new shard that many threads fill.
pub(crate) struct ShardSink<'a, R: Dir> {
    shard: &'a mut NewShard<R>,
    hasher: FileBlockHasher,
    appended: u64,
}

impl<'a, R: Dir> ShardSink<'a, R> {
    pub(crate) fn new(shard: &'a mut NewShard<R>) -> Self {
        Self {
            hasher: shard.writer().block_hasher(),
            appended: shard.len(),
            shard,
        }
    }

    /// Notes what an append of the shard did.
    fn note<T>(&mut self, appended: Result<T, ng_store::WriteError>) -> Result<T, DatasetError> {
        self.appended = self.shard.len();
        Ok(appended?)
    }
}

impl<R: Dir> TokenSink for ShardSink<'_, R> {
    type Error = DatasetError;
    type Hasher = FileBlockHasher;

    fn appended_tokens(&self) -> u64 {
        self.appended
    }

    fn reserve(&mut self, additional: usize) -> Result<(), DatasetError> {
        Ok(self.shard.writer().reserve(additional as u64)?)
    }

    fn append(&mut self, tokens: &[Token]) -> Result<(), DatasetError> {
        let appended = self.shard.writer().append(tokens);
        self.note(appended)
    }

    fn append_with(
        &mut self,
        count: usize,
        f: impl Fn(usize) -> Token + Sync,
    ) -> Result<(), DatasetError> {
        let appended = self.shard.writer().append_with(count, f);
        self.note(appended)
    }

    fn block_hasher(&self) -> FileBlockHasher {
        self.hasher
    }

    fn append_hashed(&mut self, tokens: &[Token], hashes: &[u64]) -> Result<(), DatasetError> {
        let appended = self.shard.writer().append_hashed(tokens, hashes);
        self.note(appended)
    }

    /// A shard has one commit, once it is finished.
    fn commit(&mut self) -> Result<(), DatasetError> {
        Ok(())
    }
}
