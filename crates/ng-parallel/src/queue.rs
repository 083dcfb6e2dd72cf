use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::guard;
use crate::{ParallelError, StopFlag};

/// Pending shards and finished results, shared between threads.
///
/// Shards are handed out in order, and each one handed out is finished. So when a shard
/// fails, all before it are done or in progress, and the lowest-numbered failure is the
/// same for any number of threads.
///
/// One lock, taken twice per shard of 2 MiB.
pub(crate) struct Queue<'stop, J, R, E> {
    state: Mutex<State<J, R, E>>,
    shards: usize,
    stop: &'stop StopFlag,
}

struct State<J, R, E> {
    /// The remaining jobs, each with its shard number.
    jobs: J,
    done: Vec<(usize, R)>,
    failed: Option<(usize, E)>,
}

impl<'stop, I, J, R, E> Queue<'stop, J, R, E>
where
    J: ExactSizeIterator<Item = (usize, I)>,
    E: From<ParallelError>,
{
    pub(crate) fn new(jobs: J, stop: &'stop StopFlag) -> Self {
        let shards = jobs.len();
        let state = State {
            jobs,
            done: Vec::with_capacity(shards),
            failed: None,
        };
        Self {
            state: Mutex::new(state),
            shards,
            stop,
        }
    }

    /// Hands out the next shard, unless none is left, one failed, or the stop flag is set.
    /// The caller must work on it.
    pub(crate) fn next(&self) -> Option<(usize, I)> {
        let mut state = self.lock();
        if state.failed.is_some() || self.stop.is_stopped() {
            return None;
        }
        state.jobs.next()
    }

    pub(crate) fn work_on(&self, (number, input): (usize, I), work: impl Fn(I) -> Result<R, E>) {
        let outcome = guard(number, || work(input));
        self.finish(number, outcome.unwrap_or_else(|panic| Err(E::from(panic))));
    }

    /// Returns the results in shard order.
    pub(crate) fn into_results(self) -> Result<Vec<R>, E> {
        let state = self.state.into_inner();
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        if let Some((_, error)) = state.failed {
            return Err(error);
        }
        let shards_done = state.done.len();
        if shards_done < self.shards {
            return Err(E::from(ParallelError::Stopped {
                shards_done,
                shards: self.shards,
            }));
        }
        state.done.sort_unstable_by_key(|(number, _)| *number);
        Ok(state.done.into_iter().map(|(_, result)| result).collect())
    }

    fn finish(&self, number: usize, outcome: Result<R, E>) {
        let mut state = self.lock();
        match outcome {
            Ok(result) => state.done.push((number, result)),
            Err(error) => {
                if state
                    .failed
                    .as_ref()
                    .is_none_or(|(first, _)| number < *first)
                {
                    state.failed = Some((number, error));
                }
            }
        }
    }

    /// No user closure runs under the lock, so a poisoned one's data is intact.
    fn lock(&self) -> MutexGuard<'_, State<J, R, E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
