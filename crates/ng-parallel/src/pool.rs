use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ng_store::{Loan, lend};
use rayon::ThreadPool;

use crate::crew::{Crew, Seat, Team, Turn};
use crate::queue::Queue;
use crate::within::Within;
use crate::{ParallelError, StopFlag};

/// The threads of an operation on several workers: the calling one, and idle ones of the
/// pool.
#[derive(Clone, Copy)]
pub(crate) struct Pool<'workers> {
    pub(crate) pool: &'workers ThreadPool,
    pub(crate) crew: &'workers Arc<Crew>,
    /// The maximum number of threads, including the calling one.
    pub(crate) threads: usize,
    pub(crate) stop: &'workers StopFlag,
}

/// Gets one more worker to help, and tells whether one was available.
pub(crate) type Call<'run> = &'run dyn Fn() -> bool;

impl<'workers> Pool<'workers> {
    /// Runs `work` on each of `jobs`, one per shard in shard order, and returns the results
    /// in the same order.
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
        let team = self.team(jobs.len());
        let queue = Queue::new(jobs.enumerate(), self.stop);
        let help = |mut turn: Turn<'_>| {
            while turn.goes_on()
                && let Some(job) = queue.next()
            {
                queue.work_on(job, &work);
            }
        };
        self.run_beside(&team, help, |call| {
            let _within = Within::enter();
            while call() {}
            while let Some(job) = queue.next() {
                call();
                queue.work_on(job, &work);
            }
        });
        queue.into_results()
    }

    /// Returns the team, still empty, for an operation with this many shards.
    pub(crate) fn team(self, shards: usize) -> Team<'workers> {
        Team::new(self.crew, self.threads.min(shards).saturating_sub(1))
    }

    /// Runs `here` on the calling thread, and `help` on each worker it calls for, and waits
    /// for the workers that came.
    ///
    /// It does not wait by rayon's means: a pool thread would meanwhile run other tasks of
    /// its pool, while its own task holds locks.
    pub(crate) fn run_beside<R>(
        self,
        team: &Team<'_>,
        help: impl Fn(Turn<'_>) + Sync,
        here: impl FnOnce(Call<'_>) -> R,
    ) -> R {
        if team.is_of_none() {
            return here(&|| false);
        }
        let panicked = Mutex::new(None);
        let help = |seat: Seat| {
            let turn = team.begin(seat);
            let help = AssertUnwindSafe(|| help(turn));
            if let Some(_within) = Within::enter()
                && let Err(payload) = catch_unwind(help)
            {
                // Panics must not unwind through the pool.
                *lock(&panicked) = Some(payload);
            }
        };
        let result = lend(&help, |loan| {
            let calls = OpenCalls {
                crew: self.crew,
                loan,
            };
            here(&|| {
                let seat = team.take();
                seat.map(|seat| calls.add(seat, self.pool)).is_some()
            })
        });
        if let Some(payload) = lock(&panicked).take() {
            resume_unwind(payload);
        }
        result
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The calls of an operation, withdrawn on drop.
struct OpenCalls<'run> {
    crew: &'run Arc<Crew>,
    loan: &'run Loan<Seat>,
}

impl OpenCalls<'_> {
    fn add(&self, seat: Seat, pool: &ThreadPool) {
        self.crew.call(self.loan, seat, || {
            let crew = Arc::clone(self.crew);
            pool.spawn(move || crew.answer());
        });
    }
}

impl Drop for OpenCalls<'_> {
    fn drop(&mut self) {
        self.crew.take_back(self.loan);
    }
}
