use crate::{Forked, Shard};

/// What an ingest can fail with; `E` is the error of the sink.
///
/// What was appended before stands, and is not committed. When several shards
/// fail, the error is that of the first one, whatever the number of threads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IngestError<E> {
    /// The closure panicked. All tokens before the shard were appended.
    #[error("shard {}, tokens {:?}, panicked: {message}", shard.number, shard.range)]
    Panicked {
        /// The shard that was being filled; its range is that of the closure's
        /// arguments.
        shard: Shard,
        /// What it panicked with, if that was text.
        message: String,
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

    /// The sink refused.
    #[error(transparent)]
    Sink(E),
}
