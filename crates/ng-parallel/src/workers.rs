use std::error::Error;
use std::sync::Arc;
use std::{io, mem, thread};

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
/// Within a closure, rayon's own functions use the threads of these workers. What is
/// spawned there is not counted, and no operation waits for it. A task that waits by
/// rayon's means may be given closures to run below it, as it may be given any task of
/// its pool: it must hold no lock then that closures want. For closures themselves
/// that is seen to.
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
/// use ng_parallel::{ParallelError, Shards, StopFlag, Workers, map_shards};
///
/// let workers = Workers::new(2)?;
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
    threads: usize,
    stop: StopFlag,
}

impl Workers {
    /// The most workers there can be: 65,536 on 64-bit systems.
    pub fn max_threads() -> usize {
        rayon::max_num_threads().saturating_add(1)
    }

    /// Starts all of `threads` workers but the calling thread.
    ///
    /// # Errors
    ///
    /// [`WorkersError`]: none or too many are asked for, or the system refuses a
    /// thread.
    pub fn new(threads: usize) -> Result<Self, WorkersError> {
        match threads {
            0 => Err(WorkersError::None),
            _ if threads > Self::max_threads() => Err(WorkersError::TooMany { threads }),
            _ => Ok(Self {
                pool: start_threads(threads)?.map(Arc::new),
                threads,
                stop: StopFlag::new(),
            }),
        }
    }

    /// Starts as many workers as the system grants this process processors, as far as
    /// it tells: affinity and, on Linux, the quota of a control group count. One where
    /// it does not tell.
    ///
    /// ```
    /// use ng_parallel::Workers;
    ///
    /// assert!(Workers::available()?.threads() >= 1);
    /// # Ok::<(), ng_parallel::WorkersError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The system refuses a thread.
    pub fn available() -> Result<Self, WorkersError> {
        let granted = thread::available_parallelism();
        Self::new(granted.map_or(1, |threads| threads.get().min(Self::max_threads())))
    }

    /// Adopts the threads of a pool: as many workers as it has, the calling thread in
    /// the place of one of them.
    ///
    /// The pool remains its owner's as well, and may be busy: an operation works with
    /// the threads that come to it, with the calling one alone if none does, and waits
    /// for no task that is not its own. In turn a thread leaves an operation after 16
    /// shards, for the pool's other tasks, and comes back. A task of the pool may call
    /// operations on it.
    ///
    /// In a fork these workers are refused as others are. They are those of the process
    /// that adopts the pool, which has to be the one that built it.
    ///
    /// ```
    /// use ng_parallel::rayon::ThreadPoolBuilder;
    /// use ng_parallel::{Shards, Workers, map_shards};
    ///
    /// let workers = Workers::adopt(ThreadPoolBuilder::new().num_threads(3).build()?);
    /// assert_eq!(workers.threads(), 3);
    /// let lengths = map_shards(&workers, Shards::new(100_000), |shard| shard.range.len())?;
    /// assert_eq!(lengths.iter().sum::<usize>(), 100_000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "rayon")]
    pub fn adopt(pool: impl Into<Arc<ThreadPool>>) -> Self {
        let pool = pool.into();
        let threads = pool.current_num_threads();
        Self {
            pool: (threads > 1).then(|| Arc::new(Threads::new(pool, threads, true))),
            threads,
            stop: StopFlag::new(),
        }
    }

    /// Returns how many threads work on an operation at most, the calling one
    /// among them.
    pub fn threads(&self) -> usize {
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
    /// worker, or within a closure of an operation.
    pub(crate) fn pool(&self) -> Result<Option<Pool<'_>>, Forked> {
        let Some(threads) = self.pool.as_deref() else {
            return Ok(None);
        };
        threads.check_process()?;
        Ok((!Within::is_entered()).then(|| Pool {
            pool: &threads.pool,
            crew: &threads.crew,
            threads: self.threads,
            stop: &self.stop,
        }))
    }
}

/// The threads of all workers but the one that calls, and what they are at.
#[derive(Debug)]
struct Threads {
    pool: Arc<ThreadPool>,
    crew: Arc<Crew>,
    /// The process that has the threads; a fork of it has none.
    process: ProcessMark,
}

impl Threads {
    /// Counts the threads of `pool` as those of `workers`, one of which calls.
    fn new(pool: Arc<ThreadPool>, workers: usize, is_shared: bool) -> Self {
        Self {
            pool,
            crew: Arc::new(Crew::new(workers - 1, is_shared)),
            process: ProcessMark::of_this_process(),
        }
    }

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

/// Why there are no such workers.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkersError {
    /// No thread is asked for.
    #[error("0 worker threads, expected at least 1")]
    None,

    /// More threads are asked for than a pool has room for.
    #[error(
        "{threads} worker threads, expected at most {}",
        Workers::max_threads()
    )]
    TooMany {
        /// How many threads were asked for.
        threads: usize,
    },

    /// The system refuses to start a thread.
    #[error("cannot start {threads} worker threads")]
    Refused {
        /// How many threads were asked for.
        threads: usize,
        /// Why the system refuses.
        source: io::Error,
    },
}

/// An operation works on the thread that calls it, too, so the pool has one thread
/// less than there are workers: it would have nothing to do.
fn start_threads(threads: usize) -> Result<Option<Threads>, WorkersError> {
    let others = threads - 1;
    if others == 0 {
        return Ok(None);
    }
    ThreadPoolBuilder::new()
        .num_threads(others)
        .thread_name(|number| format!("ng-worker-{number}"))
        .build()
        .map(|pool| Some(Threads::new(Arc::new(pool), threads, false)))
        .map_err(|error| WorkersError::Refused {
            threads,
            source: system_error(&error),
        })
}

/// Returns what the system said, without the pool's wrapping.
fn system_error(error: &ThreadPoolBuildError) -> io::Error {
    let system = error.source().and_then(|source| source.downcast_ref());
    match system.and_then(io::Error::raw_os_error) {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::other(error.to_string()),
    }
}
