use std::sync::mpsc::channel;
use std::thread;

use rayon::ThreadPool;

use crate::crew::{Crew, Team, Turn};
use crate::queue::Queue;
use crate::within::Within;
use crate::{ParallelError, StopFlag};

/// The threads of an operation of several workers: the calling one, and those of
/// the pool that are idle.
#[derive(Clone, Copy)]
pub(crate) struct Pool<'workers> {
    pub(crate) pool: &'workers ThreadPool,
    pub(crate) crew: &'workers Crew,
    /// How many threads work at most, the calling one among them.
    pub(crate) threads: usize,
    pub(crate) stop: &'workers StopFlag,
}

/// Has one more worker help, and tells whether there was one to be had.
pub(crate) type Call<'run> = &'run dyn Fn() -> bool;

impl<'workers> Pool<'workers> {
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

    /// Returns the team of an operation with so many shards, which is nobody yet.
    pub(crate) fn team(self, shards: usize) -> Team<'workers> {
        Team::new(self.crew, self.threads.min(shards).saturating_sub(1))
    }

    /// Runs `here` on the calling thread, and `help` on each worker that it calls
    /// for, and waits for all of them.
    pub(crate) fn run_beside<R>(
        self,
        team: &Team<'_>,
        help: impl Fn(Turn<'_>) + Sync,
        here: impl FnOnce(Call<'_>) -> R,
    ) -> R {
        let help = |turn: Turn<'_>| {
            if let Some(_within) = Within::enter() {
                help(turn);
            }
        };
        if team.is_of_none() {
            here(&|| false)
        } else if rayon::current_thread_index().is_some() {
            self.run_beside_a_task(team, &help, here)
        } else {
            self.pool.in_place_scope(|scope| {
                here(&|| {
                    let turn = team.take();
                    turn.map(|turn| scope.spawn(|_| help(turn))).is_some()
                })
            })
        }
    }

    /// Does the same on a thread of somebody else's pool.
    ///
    /// While it waits for a scope, such a thread runs whatever tasks its pool has,
    /// below the locks that its own task holds. So another thread has the scope,
    /// and this one waits for that thread; where it cannot be started, it works
    /// alone.
    fn run_beside_a_task<R>(
        self,
        team: &Team<'_>,
        help: &(impl Fn(Turn<'_>) + Sync),
        here: impl FnOnce(Call<'_>) -> R,
    ) -> R {
        thread::scope(|threads| {
            let (calls, called) = channel();
            let spawns = || {
                self.pool.in_place_scope(|scope| {
                    for turn in called {
                        scope.spawn(|_| help(turn));
                    }
                });
            };
            let waiter = thread::Builder::new().name("ng-waiter".to_owned());
            let _ = waiter.spawn_scoped(threads, spawns);
            here(&|| team.take().is_some_and(|turn| calls.send(turn).is_ok()))
        })
    }
}
