use ng_store::disk::Dir;
use ng_store::{NoHash, TokenSink};
use ng_token::Token;

use crate::DatasetError;
use crate::place::Place;
use crate::shard::{NewShard, ShardOptions, Unpublished};

/// Cuts what it takes into new shards of one length; the last may be shorter.
pub(super) struct Cutter<'p, R: Dir> {
    place: &'p Place<R>,
    options: ShardOptions,
    shard_tokens: u64,
    /// How many tokens are still to come.
    left: u64,
    appended: u64,
    current: Option<NewShard<R>>,
    finished: Unpublished<'p, R>,
}

impl<'p, R: Dir> Cutter<'p, R> {
    /// Adds shards to others; expects `total` tokens.
    pub(super) fn new(
        finished: Unpublished<'p, R>,
        options: ShardOptions,
        (total, shard_tokens): (u64, u64),
    ) -> Self {
        Self {
            place: finished.place(),
            options,
            shard_tokens,
            left: total,
            appended: 0,
            current: None,
            finished,
        }
    }

    /// Returns the shards, all of them finished.
    pub(super) fn finish(mut self) -> Result<Unpublished<'p, R>, DatasetError> {
        self.end_shard()?;
        Ok(self.finished)
    }

    fn end_shard(&mut self) -> Result<(), DatasetError> {
        if let Some(shard) = self.current.take() {
            self.finished.push(shard.finish(self.place)?);
        }
        Ok(())
    }

    fn begin_shard(&self) -> Result<NewShard<R>, DatasetError> {
        let options = ShardOptions {
            reserve: self.left.min(self.shard_tokens),
            ..self.options.clone()
        };
        NewShard::begin(self.place, options)
    }
}

impl<R: Dir> TokenSink for Cutter<'_, R> {
    type Error = DatasetError;
    type Hasher = NoHash;

    fn appended_tokens(&self) -> u64 {
        self.appended
    }

    /// Each shard reserves its own.
    fn reserve(&mut self, _additional: usize) -> Result<(), DatasetError> {
        Ok(())
    }

    fn append(&mut self, mut tokens: &[Token]) -> Result<(), DatasetError> {
        while !tokens.is_empty() {
            let mut shard = match self.current.take() {
                Some(shard) => shard,
                None => self.begin_shard()?,
            };
            let room = usize::try_from(self.shard_tokens - shard.len()).unwrap_or(usize::MAX);
            let (now, later) = tokens.split_at(room.min(tokens.len()));
            shard.append(now)?;
            self.appended += now.len() as u64;
            self.left = self.left.saturating_sub(now.len() as u64);
            self.current = Some(shard);
            if now.len() == room {
                self.end_shard()?;
            }
            tokens = later;
        }
        Ok(())
    }

    fn append_with(
        &mut self,
        count: usize,
        f: impl Fn(usize) -> Token + Sync,
    ) -> Result<(), DatasetError> {
        let tokens: Vec<Token> = (0..count).map(f).collect();
        self.append(&tokens)
    }

    /// Blocks are hashed by the files, whose ids are not known before.
    fn block_hasher(&self) -> NoHash {
        NoHash
    }

    fn append_hashed(&mut self, tokens: &[Token], _hashes: &[u64]) -> Result<(), DatasetError> {
        self.append(tokens)
    }

    /// Each shard has one commit, once it is finished.
    fn commit(&mut self) -> Result<(), DatasetError> {
        Ok(())
    }
}
