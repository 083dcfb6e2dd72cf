use std::convert::Infallible;

use crate::{Forked, Shard};

/// What an ingest can fail with; `E` is the error of the sink, and `M` that of the
/// closure which makes the tokens, where it has one.
///
/// What was appended before stands. It is not committed, but for what was on the way
/// by [`commit_every`](crate::IngestOptions::commit_every). When several shards
/// fail, the error is that of the first one, whatever the number of threads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IngestError<E, M = Infallible> {
    /// The closure panicked. All tokens before the shard were appended.
    #[error("shard {}, tokens {:?}, panicked: {message}", shard.number, shard.range)]
    Panicked {
        /// The shard that was being filled; its range is that of the closure's
        /// arguments.
        shard: Shard,
        /// What it panicked with, if that was text.
        message: String,
    },

    /// The closure made another number of tokens than it was asked for. All tokens
    /// before the shard were appended.
    #[error(
        "shard {}, tokens {:?}, has {found} tokens, expected {}",
        shard.number, shard.range, shard.range.len()
    )]
    WrongCount {
        /// The shard that was being filled.
        shard: Shard,
        /// How many tokens there were.
        found: usize,
    },

    /// The closure failed. All tokens before the shard were appended.
    #[error("shard {}, tokens {:?}: {source}", shard.number, shard.range)]
    Failed {
        /// The shard that was being filled.
        shard: Shard,
        /// What the closure says.
        source: M,
    },

    /// The stop flag was set before the work was done.
    #[error("stopped after {appended} of {count} tokens")]
    Stopped {
        /// How many tokens were appended, the first ones.
        appended: usize,
        /// How many there were to append.
        count: usize,
    },

    /// The workers are those of another process. The sink was not asked for anything.
    #[error(transparent)]
    Forked(#[from] Forked),

    /// The sink refused to make room, to append or to commit.
    #[error(transparent)]
    Sink(E),
}
