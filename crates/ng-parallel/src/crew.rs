//! Which operation has which workers.
//!
//! An operation takes idle workers, at its start and later, and never waits for one that is
//! busy with another operation. So it waits only for its own closures: a caller that holds
//! a lock which other operations' closures want still finishes.
//!
//! It calls for a worker, and a pool task answers the oldest open call. If the pool's
//! threads are busy elsewhere, the call is withdrawn when the operation ends, and the task
//! serves the next one.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crossbeam_channel::{Receiver, Sender, bounded};
use ng_store::Loan;

/// How many shards a worker does before it checks whether another operation is short of
/// workers.
///
/// 32 MiB of [`DEFAULT_SHARD_TOKENS`](crate::DEFAULT_SHARD_TOKENS): milliseconds, compared
/// with which switching operations costs nothing.
const TURN_SHARDS: usize = 16;

/// The worker threads of a pool, counted.
// Relaxed throughout: the counts carry no data. Lending the closure publishes what a worker
// needs.
#[derive(Debug)]
pub(crate) struct Crew {
    idle: AtomicUsize,
    /// How many operations are short of a worker.
    short: AtomicUsize,
    /// Whether the pool has tasks other than ours.
    is_shared: bool,
    /// Receives after an operation failed to get a worker, to wake waiting workers.
    wants: (Sender<()>, Receiver<()>),
    calls: Mutex<Calls>,
}

/// The open calls. Never more of either than there are workers.
#[derive(Debug)]
struct Calls {
    open: VecDeque<(Loan<Seat>, Seat)>,
    /// How many pool tasks have not started yet: at least one for each call.
    coming: usize,
}

impl Crew {
    /// Starts with `workers` idle threads, of a pool that may be shared.
    pub(crate) fn new(workers: usize, is_shared: bool) -> Self {
        Self {
            idle: AtomicUsize::new(workers),
            short: AtomicUsize::new(0),
            is_shared,
            wants: bounded(workers.max(1)),
            calls: Mutex::new(Calls {
                open: VecDeque::with_capacity(workers),
                coming: 0,
            }),
        }
    }

    /// Calls for a worker to run `loan` in `seat`; `spawn` makes a pool thread
    /// [answer](Self::answer), unless such a task is pending already.
    pub(crate) fn call(self: &Arc<Self>, loan: &Loan<Seat>, seat: Seat, spawn: impl FnOnce()) {
        let mut calls = self.calls();
        calls.open.push_back((loan.clone(), seat));
        if calls.coming < calls.open.len() {
            calls.coming += 1;
            drop(calls);
            spawn();
        }
    }

    /// Answers the oldest call, on a pool thread.
    pub(crate) fn answer(&self) {
        let mut calls = self.calls();
        calls.coming -= 1;
        let call = calls.open.pop_front();
        drop(calls);
        if let Some((loan, seat)) = call {
            // If it is too late, the seat comes back and is dropped.
            drop(loan.call(seat));
        }
    }

    /// Withdraws the unanswered calls for `loan`.
    pub(crate) fn take_back(&self, loan: &Loan<Seat>) {
        self.calls().open.retain(|(other, _)| other != loan);
    }

    fn take_idle(&self) -> bool {
        let one_less = |idle: usize| idle.checked_sub(1);
        self.idle.fetch_update(Relaxed, Relaxed, one_less).is_ok()
    }

    /// No closure runs under the lock, so a poisoned one's data is intact.
    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to one worker, which becomes idle again on drop.
#[derive(Debug)]
pub(crate) struct Seat(Arc<Crew>);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.idle.fetch_add(1, Relaxed);
    }
}

/// The workers of one operation.
#[derive(Debug)]
pub(crate) struct Team<'crew> {
    crew: &'crew Arc<Crew>,
    /// How many it can use.
    most: usize,
    /// How many it has, or has called for.
    size: AtomicUsize,
    /// Whether the crew counts it as short.
    short: AtomicBool,
}

impl<'crew> Team<'crew> {
    /// Starts without a worker, for an operation that can use `most`.
    pub(crate) fn new(crew: &'crew Arc<Crew>, most: usize) -> Self {
        Self {
            crew,
            most,
            size: AtomicUsize::new(0),
            short: AtomicBool::new(false),
        }
    }

    /// Tells whether the operation needs no more workers.
    pub(crate) fn is_of_none(&self) -> bool {
        self.most == 0
    }

    /// Takes a worker, if one is idle and the operation can use it.
    ///
    /// Only the operation's calling thread does this.
    pub(crate) fn take(&self) -> Option<Seat> {
        let wanted = self.size.load(Relaxed) < self.most;
        let taken = wanted && self.crew.take_idle();
        let is_short = wanted && !taken;
        self.set_short(is_short);
        if is_short {
            // If the channel is full, enough of them are awake already.
            let _ = self.crew.wants.0.try_send(());
        }
        taken.then(|| {
            self.size.fetch_add(1, Relaxed);
            Seat(Arc::clone(self.crew))
        })
    }

    /// Starts a worker's turn with the operation.
    pub(crate) fn begin(&self, seat: Seat) -> Turn<'_> {
        Turn {
            team: self,
            shards: 0,
            _seat: seat,
        }
    }

    fn set_short(&self, short: bool) {
        if self.short.load(Relaxed) == short {
            return;
        }
        self.short.store(short, Relaxed);
        match short {
            true => self.crew.short.fetch_add(1, Relaxed),
            false => self.crew.short.fetch_sub(1, Relaxed),
        };
    }

    /// A shared pool does not reveal its other tasks, so assume there are some.
    fn others_are_short(&self) -> bool {
        let own = usize::from(self.short.load(Relaxed));
        self.crew.is_shared || self.crew.short.load(Relaxed) > own
    }
}

/// The remaining work is done with the present workers.
impl Drop for Team<'_> {
    fn drop(&mut self) {
        self.set_short(false);
    }
}

/// A worker's turn with an operation.
#[derive(Debug)]
pub(crate) struct Turn<'team> {
    team: &'team Team<'team>,
    /// How many shards were started.
    shards: usize,
    _seat: Seat,
}

impl Turn<'_> {
    /// Tells whether the worker should take another shard, or leave because another
    /// operation is short of workers.
    pub(crate) fn goes_on(&mut self) -> bool {
        let goes_on = self.shards < TURN_SHARDS || !self.is_wanted();
        self.shards += 1;
        goes_on
    }

    /// Tells whether another operation is short of workers.
    pub(crate) fn is_wanted(&self) -> bool {
        self.team.others_are_short()
    }

    /// Returns a channel to wait on besides one's own work: it receives when
    /// [`is_wanted`](Self::is_wanted) may have changed.
    pub(crate) fn wants(&self) -> &Receiver<()> {
        &self.team.crew.wants.1
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.team.size.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use ng_store::lend;

    use super::*;

    fn crew(workers: usize) -> Arc<Crew> {
        Arc::new(Crew::new(workers, false))
    }

    fn take<'team>(team: &'team Team<'_>, count: usize) -> Vec<Turn<'team>> {
        let turns: Vec<_> =
            std::iter::from_fn(|| team.take().map(|seat| team.begin(seat))).collect();
        assert_eq!(turns.len(), count);
        turns
    }

    #[test]
    fn a_team_takes_the_idle_as_far_as_it_has_use_for_them() {
        for (workers, most, first, second) in [
            (0, 3, 0, 0),
            (2, 0, 0, 2),
            (2, 1, 1, 1),
            (2, 2, 2, 0),
            (2, 3, 2, 0),
            (6, 4, 4, 2),
        ] {
            let crew = crew(workers);
            for _ in 0..2 {
                let (one, other) = (Team::new(&crew, most), Team::new(&crew, 9));
                let turns = take(&one, first);
                let rest = take(&other, second);
                drop(turns);
                let again = take(&other, first);
                drop((rest, again));
            }
            assert_eq!(crew.idle.load(Relaxed), workers);
            assert_eq!(crew.short.load(Relaxed), 0);
        }
    }

    /// How many of `shards` a worker does before it leaves.
    fn shards_done(turn: &mut Turn<'_>, most: usize) -> usize {
        (0..most).take_while(|_| turn.goes_on()).count()
    }

    #[test]
    fn a_worker_leaves_after_its_turn_where_another_team_is_short() {
        let crew = crew(1);
        let (one, other) = (Team::new(&crew, 2), Team::new(&crew, 1));
        let mut turns = take(&one, 1);
        assert_eq!(shards_done(&mut turns[0], 99), 99, "its own want is none");
        take(&other, 0);
        assert_eq!(shards_done(&mut turns[0], 99), 0, "a long turn");
        drop(turns);
        let mut turns = take(&one, 1);
        assert_eq!(shards_done(&mut turns[0], 99), TURN_SHARDS);
        drop(other);
        assert_eq!(shards_done(&mut turns[0], 99), 99, "nobody is short");
    }

    #[test]
    fn a_worker_of_a_shared_pool_leaves_after_its_turn() {
        let crew = Arc::new(Crew::new(1, true));
        let team = Team::new(&crew, 1);
        let mut turns = take(&team, 1);
        assert_eq!(shards_done(&mut turns[0], 99), TURN_SHARDS);
    }

    /// Even if many operations end before the pool has a thread for them.
    #[test]
    fn a_call_that_is_taken_back_leaves_its_task_to_the_next_one() {
        let crew = crew(2);
        let (spawned, came) = (Cell::new(0), AtomicUsize::new(0));
        let operation = |answers: usize| {
            let team = Team::new(&crew, 9);
            let work = |seat| {
                let _turn = team.begin(seat);
                came.fetch_add(1, Relaxed);
            };
            lend(&work, |loan| {
                while let Some(seat) = team.take() {
                    crew.call(loan, seat, || spawned.set(spawned.get() + 1));
                }
                (0..answers).for_each(|_| crew.answer());
                crew.take_back(loan);
            });
            assert_eq!(crew.idle.load(Relaxed), 2);
            (spawned.get(), came.load(Relaxed))
        };
        assert_eq!(operation(0), (2, 0));
        assert_eq!(operation(0), (2, 0), "the tasks of the first are coming");
        assert_eq!(operation(1), (2, 1));
        assert_eq!(operation(2), (3, 3));
        assert_eq!(operation(0), (5, 3));
        (0..2).for_each(|_| crew.answer());
        assert_eq!(operation(2), (7, 5));
    }
}
