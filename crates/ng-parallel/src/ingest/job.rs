use super::{Buffer, Make, Unmade};
use crate::error::catch;
use crate::{Shard, StopFlag};

/// A shard to fill, with the buffer it goes into.
pub(crate) struct Job {
    pub(crate) shard: Shard,
    pub(crate) buffer: Buffer,
}

/// The outcome of a job. Each has exactly one reply.
pub(crate) struct Reply<M> {
    pub(crate) job: Job,
    pub(crate) outcome: Result<(), Unmade<M>>,
}

/// Fills a job's buffer, unless `stop` is set. A panic of `make` is an outcome.
pub(crate) fn fill<K: Make>(make: &K, stop: &StopFlag, mut job: Job) -> Reply<K::Error> {
    let outcome = match stop.is_stopped() {
        true => Err(Unmade::Stopped),
        false => catch(|| make.make(&job.shard, &mut job.buffer))
            .unwrap_or_else(|message| Err(Unmade::Panicked(message))),
    };
    Reply { job, outcome }
}
