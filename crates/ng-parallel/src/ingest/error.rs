use std::convert::Infallible;

use crate::{Forked, Shard};

/// Why an ingest failed; `E` is the error of the sink, and `M` that of the closure that
/// makes the tokens, if it can fail.
///
/// Tokens appended before stay. They are not committed, except by
/// [`commit_every`](crate::IngestOptions::commit_every). If several shards fail, the error
/// is that of the first one, for any number of threads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IngestError<E, M = Infallible> {
    /// The closure panicked. All tokens before the shard were appended.
    #[error("shard {}, tokens {:?}, panicked: {message}", shard.number, shard.range)]
    Panicked {
        /// The shard being filled; its range is that of the closure's arguments.
        shard: Shard,
        /// The panic message, if it was text.
        message: String,
    },

    /// The closure made a wrong number of tokens. All tokens before the shard were
    /// appended.
    #[error(
        "shard {}, tokens {:?}, has {found} tokens, expected {}",
        shard.number, shard.range, shard.range.len()
    )]
    WrongCount {
        /// The shard that was being filled.
        shard: Shard,
        /// How many tokens it made.
        found: usize,
    },

    /// The closure failed. All tokens before the shard were appended.
    #[error("shard {}, tokens {:?}: {source}", shard.number, shard.range)]
    Failed {
        /// The shard that was being filled.
        shard: Shard,
        /// The closure's error.
        source: M,
    },

    /// The stop flag was set before the work was done.
    #[error("stopped after {appended} of {count} tokens")]
    Stopped {
        /// How many tokens were appended, from the first on.
        appended: usize,
        /// How many there were to append.
        count: usize,
    },

    /// The workers belong to another process. The sink was not called.
    #[error(transparent)]
    Forked(#[from] Forked),

    /// The sink failed to reserve, append or commit.
    #[error(transparent)]
    Sink(E),
}
