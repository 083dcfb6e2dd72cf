use std::mem;
use std::num::NonZeroUsize;
use std::sync::Arc;

use ng_store::ProcessMark;
use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

use crate::crew::Crew;
use crate::pool::Pool;
use crate::within::Within;
use crate::{Forked, StopFlag};

/// A fixed number of threads that work on shards.
///
/// The thread that calls an operation is one of them: it works on shards as the
/// others do. With one worker there are no others, and everything is run by the
/// functions of [`serial`](crate::serial).
///
/// # Several operations
///
/// Any number of threads may call operations on the same workers. An operation
/// takes workers that are idle, when it begins and later on, and never waits for
/// one that is with another operation. A worker that has done 16 shards for one
/// leaves it, between two of them, if another one is short of workers. So a long
/// [`ingest`](crate::ingest()) holds up nobody, and an operation waits for nothing
/// but its own closures: a thread may hold a lock that the closures of others want.
///
/// An operation that is called within a closure of another one, on these workers
/// or others, has the thread that calls it, alone: the workers are about the outer
/// one. So a closure may hold a lock that all of them want. One that is called
/// from a task of a thread pool of rayon's has the workers as always, and its
/// thread runs no other task of that pool meanwhile.
///
/// Within a closure, rayon's own functions use the threads of these workers, and
/// what is spawned there is not counted: an operation may wait for it. Give such
/// work a pool of its own.
///
/// # Forks
///
/// A fork of the process has a copy of this and no thread of it. Operations of more
/// than one worker are the error [`Forked`] there, and workers that are started
/// in the fork are its own.
///
/// # Stopping
///
/// A clone is another handle to the same workers. Operations look at the
/// [`StopFlag`] of the handle that they are called with, and
/// [`with_stop_flag`](Self::with_stop_flag) gives a handle that has a flag of its
/// own:
///
/// ```
/// use std::num::NonZeroUsize;
///
/// use ng_parallel::{ParallelError, Shards, StopFlag, Workers, map_shards};
///
/// let workers = Workers::new(NonZeroUsize::MIN.saturating_add(1))?;
/// let stop = StopFlag::new();
/// let stoppable = workers.with_stop_flag(stop.clone());
/// stop.stop();
/// let stopped = map_shards(&stoppable, Shards::new(1), |_| ());
/// assert!(matches!(stopped, Err(ParallelError::Stopped { .. })));
/// assert!(map_shards(&workers, Shards::new(1), |_| ()).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Workers {
    /// `None` for one worker.
    pool: Option<Arc<Threads>>,
    threads: NonZeroUsize,
    stop: StopFlag,
}

impl Workers {
    /// Starts all of `threads` workers but the calling thread.
    ///
    /// # Errors
    ///
    /// The system refuses a thread.
    pub fn new(threads: NonZeroUsize) -> Result<Self, WorkersError> {
        Ok(Self {
            pool: start_threads(threads)?.map(Arc::new),
            threads,
            stop: StopFlag::new(),
        })
    }

    /// Returns how many threads work on an operation at most, the calling one
    /// among them.
    pub fn threads(&self) -> NonZeroUsize {
        self.threads
    }

    /// Returns a handle to the same workers whose operations `stop` stops, and no
    /// other flag.
    #[must_use]
    pub fn with_stop_flag(&self, stop: StopFlag) -> Self {
        Self {
            stop,
            ..self.clone()
        }
    }

    /// Returns the flag that stops the operations called with this handle, or with
    /// a clone of it.
    pub fn stop_flag(&self) -> StopFlag {
        self.stop.clone()
    }

    pub(crate) fn stop(&self) -> &StopFlag {
        &self.stop
    }

    /// Returns the pool, unless the calling thread has to do without: it is the one
    /// worker, or within a closure of an operation, or the pool's own.
    pub(crate) fn pool(&self) -> Result<Option<Pool<'_>>, Forked> {
        let Some(threads) = self.pool.as_deref() else {
            return Ok(None);
        };
        threads.check_process()?;
        let alone = Within::is_entered() || threads.pool.current_thread_index().is_some();
        Ok((!alone).then(|| Pool {
            pool: &threads.pool,
            crew: &threads.crew,
            threads: self.threads.get(),
            stop: &self.stop,
        }))
    }
}

/// The threads of all workers but the one that calls, and what they are at.
#[derive(Debug)]
struct Threads {
    pool: Arc<ThreadPool>,
    crew: Crew,
    /// The process that has the threads; a fork of it has none.
    process: ProcessMark,
}

impl Threads {
    fn check_process(&self) -> Result<(), Forked> {
        match self.process.is_this_process() {
            true => Ok(()),
            false => Err(Forked {
                started_in: self.process.id(),
                used_in: ProcessMark::of_this_process().id(),
            }),
        }
    }
}

/// In a fork the pool is left as it is: to end its threads it would take locks,
/// and whoever held one at the fork does not give it back.
impl Drop for Threads {
    fn drop(&mut self) {
        if self.check_process().is_err() {
            mem::forget(Arc::clone(&self.pool));
        }
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

/// An operation works on the thread that calls it, too, so the pool has one thread
/// less than there are workers: it would have nothing to do.
fn start_threads(threads: NonZeroUsize) -> Result<Option<Threads>, WorkersError> {
    let others = threads.get() - 1;
    if others == 0 {
        return Ok(None);
    }
    ThreadPoolBuilder::new()
        .num_threads(others)
        .thread_name(|number| format!("ng-worker-{number}"))
        .build()
        .map(|pool| {
            Some(Threads {
                pool: Arc::new(pool),
                crew: Crew::new(others),
                process: ProcessMark::of_this_process(),
            })
        })
        .map_err(|source| WorkersError { threads, source })
}
