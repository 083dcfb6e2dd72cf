use std::num::NonZeroUsize;

use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

use crate::queue::Queue;
use crate::{ParallelError, StopFlag};

/// A fixed number of threads that work on shards.
///
/// With one worker there is no pool: everything runs on the calling thread, by
/// the functions of [`serial`](crate::serial). An operation may be started from
/// within another one on the same workers.
#[derive(Debug)]
pub struct Workers {
    /// `None` for one worker.
    pool: Option<ThreadPool>,
    threads: NonZeroUsize,
    stop: StopFlag,
}

impl Workers {
    /// Starts `threads` worker threads; none if it is one.
    ///
    /// # Errors
    ///
    /// The system refuses a thread.
    pub fn new(threads: NonZeroUsize) -> Result<Self, WorkersError> {
        Ok(Self {
            pool: start_pool(threads)?,
            threads,
            stop: StopFlag::new(),
        })
    }

    /// Returns how many threads work.
    pub fn threads(&self) -> NonZeroUsize {
        self.threads
    }

    /// Returns the flag that stops the work of these workers.
    pub fn stop_flag(&self) -> StopFlag {
        self.stop.clone()
    }

    pub(crate) fn stop(&self) -> &StopFlag {
        &self.stop
    }

    /// Returns the pool, if there is more than one worker.
    pub(crate) fn pool(&self) -> Option<Pool<'_>> {
        self.pool.as_ref().map(|pool| Pool {
            pool,
            threads: self.threads.get(),
            stop: &self.stop,
        })
    }
}

/// The worker threads of [`Workers`] that has more than one.
#[derive(Clone, Copy)]
pub(crate) struct Pool<'workers> {
    pool: &'workers ThreadPool,
    threads: usize,
    stop: &'workers StopFlag,
}

impl Pool<'_> {
    /// Runs `work` on each of `jobs`, one a shard and in the order of the shards,
    /// and returns the results in the same order.
    ///
    /// # Errors
    ///
    /// That of the first shard that failed or panicked, or `Stopped`.
    pub(crate) fn run<I, R, E, J>(
        self,
        jobs: J,
        work: impl Fn(I) -> Result<R, E> + Sync,
    ) -> Result<Vec<R>, E>
    where
        J: ExactSizeIterator<Item = I> + Send,
        R: Send,
        E: From<ParallelError> + Send,
    {
        let threads = self.threads.min(jobs.len());
        let queue = Queue::new(jobs.enumerate(), self.stop);
        self.pool.in_place_scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|_| queue.work_off(&work));
            }
        });
        queue.into_results()
    }

    /// Runs `tasks` on worker threads and `here` on the calling thread, at the
    /// same time where a thread is free, and waits for all of them.
    ///
    /// A task may run while another one on its thread waits for work of its own.
    pub(crate) fn run_beside<'scope, T: FnOnce() + Send + 'scope, R>(
        self,
        tasks: impl Iterator<Item = T>,
        here: impl FnOnce() -> R,
    ) -> R {
        self.pool.in_place_scope(|scope| {
            for task in tasks {
                scope.spawn(move |_| task());
            }
            here()
        })
    }

    pub(crate) fn threads(self) -> usize {
        self.threads
    }

    /// Tells whether the calling thread is one of the workers.
    pub(crate) fn is_caller(self) -> bool {
        self.pool.current_thread_index().is_some()
    }
}

/// The worker threads could not be started.
#[derive(Debug, thiserror::Error)]
#[error("cannot start {threads} worker threads")]
#[non_exhaustive]
pub struct WorkersError {
    /// How many threads were asked for.
    pub threads: NonZeroUsize,
    /// Why the pool refused.
    pub source: ThreadPoolBuildError,
}

fn start_pool(threads: NonZeroUsize) -> Result<Option<ThreadPool>, WorkersError> {
    if threads == NonZeroUsize::MIN {
        return Ok(None);
    }
    ThreadPoolBuilder::new()
        .num_threads(threads.get())
        .thread_name(|number| format!("ng-worker-{number}"))
        .build()
        .map(Some)
        .map_err(|source| WorkersError { threads, source })
}
