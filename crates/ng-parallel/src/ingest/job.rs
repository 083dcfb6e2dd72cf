use ng_store::{BlockHasher, TokenSink};
use ng_token::Token;

use super::{Buffer, IngestError};
use crate::error::catch;
use crate::{Shard, StopFlag};

/// A shard to fill, with the buffer it goes into.
pub(crate) struct Job {
    pub(crate) shard: Shard,
    pub(crate) buffer: Buffer,
}

/// What became of a job. Each has exactly one reply.
pub(crate) struct Reply {
    pub(crate) job: Job,
    outcome: Result<(), Unfilled>,
}

enum Unfilled {
    /// The stop flag was set before it began.
    Stopped,
    /// The closure panicked with this message.
    Panicked(String),
}

/// How jobs of one ingest are filled, on any thread.
pub(crate) struct FillTask<'stop, F, H> {
    stop: &'stop StopFlag,
    /// How many tokens the sink had before this ingest.
    appended: u64,
    hasher: H,
    f: F,
}

impl<'stop, F: Fn(usize) -> Token, H: BlockHasher> FillTask<'stop, F, H> {
    pub(crate) fn new(stop: &'stop StopFlag, sink: &impl TokenSink<Hasher = H>, f: F) -> Self {
        Self {
            stop,
            appended: sink.appended_tokens(),
            hasher: sink.block_hasher(),
            f,
        }
    }

    pub(crate) fn fill(&self, mut job: Job) -> Reply {
        let outcome = match self.stop.is_stopped() {
            true => Err(Unfilled::Stopped),
            false => catch(|| self.refill(&mut job)).map_err(Unfilled::Panicked),
        };
        Reply { job, outcome }
    }

    fn refill(&self, job: &mut Job) {
        let range = job.shard.range.clone();
        let position = self.appended + range.start as u64;
        job.buffer.refill(range, position, &self.hasher, &self.f);
    }
}

/// Appends what a reply brings to the sink, and gives the buffer back; `count`
/// tokens there are in all.
pub(crate) fn append<S: TokenSink>(
    sink: &mut S,
    count: usize,
    reply: Reply,
) -> Result<Buffer, IngestError<S::Error>> {
    let Job { shard, buffer } = reply.job;
    match reply.outcome {
        Ok(()) => sink
            .append_hashed(buffer.tokens(), buffer.hashes())
            .map(|()| buffer)
            .map_err(IngestError::Sink),
        Err(Unfilled::Stopped) => Err(IngestError::Stopped {
            appended: shard.range.start,
            count,
        }),
        Err(Unfilled::Panicked(message)) => Err(IngestError::Panicked { shard, message }),
    }
}
