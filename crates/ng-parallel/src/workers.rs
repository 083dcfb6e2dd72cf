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
/// The thread that calls an operation is one of them and works on shards like the others. A
/// single worker runs everything by the functions of [`serial`](crate::serial).
///
/// # Several operations
///
/// Any number of threads may call operations on the same workers. An operation takes idle
/// workers, at its start and later, and never waits for one that is busy with another
/// operation. After 16 shards, a worker leaves its operation if another one is short of
/// workers. So a long [`ingest`](crate::ingest()) blocks nobody, and an operation waits
/// only for its own closures: its caller may hold a lock that other operations' closures
/// want.
///
/// An operation called within a closure of another one, on these workers or others, runs on
/// its calling thread alone: the workers are busy with the outer one. So a closure may hold
/// a lock that all closures want. An operation called from a task of a rayon pool has the
/// workers as usual, and its thread runs no other task of that pool meanwhile.
///
/// Within a closure, rayon's own functions use the threads of these workers. Tasks spawned
/// there are not counted, and no operation waits for them. A task that waits by rayon's
/// means may be made to run our closures, like any task of its pool: it must not hold a
/// lock that closures want. Closures themselves are protected from this.
///
/// # Forks
///
/// A fork of the process has a copy of this but none of its threads. There, operations on
/// more than one worker return the error [`Forked`]; the fork can start its own workers.
///
/// # Stopping
///
/// A clone is another handle to the same workers. Operations check the [`StopFlag`] of the
/// handle they are called with, and [`with_stop_flag`](Self::with_stop_flag) returns a
/// handle with its own flag:
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
    /// The maximum number of workers: 65,536 on 64-bit systems.
    pub fn max_threads() -> usize {
        rayon::max_num_threads().saturating_add(1)
    }

    /// Starts `threads` workers, one of which is the calling thread.
    ///
    /// # Errors
    ///
    /// [`WorkersError`]: `threads` is 0 or too large, or the system refuses a thread.
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

    /// Starts as many workers as the process may use processors, by affinity and, on Linux,
    /// cgroup quota; one if the system does not say.
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

    /// Adopts the threads of a pool: as many workers as it has threads, with the calling
    /// thread in place of one.
    ///
    /// The owner keeps using the pool, and it may be busy: an operation works with the
    /// threads that become free, or the calling one alone, and waits for no task but its
    /// own. In turn a thread leaves an operation after 16 shards, for the pool's other
    /// tasks, and comes back. A task of the pool may call operations on it.
    ///
    /// In a fork these workers are refused like others. They belong to the process that
    /// adopts the pool, which must be the one that built it.
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

    /// Returns the maximum number of threads of an operation, including the calling one.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Returns a handle to the same workers whose operations only `stop` stops.
    #[must_use]
    pub fn with_stop_flag(&self, stop: StopFlag) -> Self {
        Self {
            stop,
            ..self.clone()
        }
    }

    /// Returns the flag that stops the operations of this handle and its clones.
    pub fn stop_flag(&self) -> StopFlag {
        self.stop.clone()
    }

    pub(crate) fn stop(&self) -> &StopFlag {
        &self.stop
    }

    /// Returns the pool, unless the calling thread must work alone: it is the only worker,
    /// or inside a closure of an operation.
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

/// The threads of all workers but the caller, and their state.
#[derive(Debug)]
struct Threads {
    pool: Arc<ThreadPool>,
    crew: Arc<Crew>,
    /// The process that has the threads; a fork has none.
    process: ProcessMark,
}

impl Threads {
    /// Uses the threads of `pool` as `workers` workers, one of which is the caller.
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

/// In a fork the pool is leaked: ending its threads takes locks, and one held at the time
/// of the fork is never released.
impl Drop for Threads {
    fn drop(&mut self) {
        if self.check_process().is_err() {
            mem::forget(Arc::clone(&self.pool));
        }
    }
}

/// Why workers cannot be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkersError {
    /// No thread was requested.
    #[error("0 worker threads, expected at least 1")]
    None,

    /// More threads were requested than a pool can have.
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
        /// The system's error.
        source: io::Error,
    },
}

/// The calling thread works, too, so the pool has one thread less than there are workers:
/// one more would have nothing to do.
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

/// Returns the system's error, without the pool's wrapping.
fn system_error(error: &ThreadPoolBuildError) -> io::Error {
    let system = error.source().and_then(|source| source.downcast_ref());
    match system.and_then(io::Error::raw_os_error) {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::other(error.to_string()),
    }
}
