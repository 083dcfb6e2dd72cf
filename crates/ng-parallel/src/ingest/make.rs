use ng_store::{BlockHasher, TokenSink};
use ng_token::Token;

use super::Buffer;
use crate::Shard;

/// What fills the buffers of an ingest, on any thread.
pub(crate) trait Make {
    /// Its error.
    type Error;

    /// Replaces the content of `buffer` by the tokens of `shard` and their hashes.
    fn make(&self, shard: &Shard, buffer: &mut Buffer) -> Result<(), Unmade<Self::Error>>;

    /// Returns the tokens of a finished shard.
    fn tokens<'made>(&'made self, _shard: &Shard, buffer: &'made Buffer) -> &'made [Token] {
        buffer.tokens()
    }

    /// Returns a buffer for shards of this length.
    fn buffer(&self, longest: usize) -> Buffer {
        Buffer::with_capacity(longest, longest)
    }
}

/// Why a shard was not made.
pub(crate) enum Unmade<M> {
    /// The stop flag was set before it started.
    Stopped,
    /// The closure panicked with this message.
    Panicked(String),
    /// The closure made a wrong number of tokens.
    Count(usize),
    /// The closure failed.
    Failed(M),
}

/// Where an ingest begins in its sink, and the sink's hasher.
pub(crate) struct Place<H> {
    /// How many tokens the sink had before.
    appended: u64,
    pub(crate) hasher: H,
}

impl<H: BlockHasher> Place<H> {
    pub(crate) fn of(sink: &impl TokenSink<Hasher = H>) -> Self {
        Self {
            appended: sink.appended_tokens(),
            hasher: sink.block_hasher(),
        }
    }

    /// Returns the position of the first token of `shard` in the sink.
    pub(crate) fn position(&self, shard: &Shard) -> u64 {
        self.appended + shard.range.start as u64
    }
}
