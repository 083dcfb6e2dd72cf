//! Which operation has which workers.
//!
//! An operation takes workers that are idle, when it begins and while it goes on,
//! and never waits for one that is with another operation. So it waits for
//! nothing but its own closures: whoever holds a lock that the closures of others
//! want gets to its end all the same.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

/// How many shards a worker does before it looks whether another operation is
/// short of workers.
///
/// 32 MiB of [`DEFAULT_SHARD_TOKENS`](crate::DEFAULT_SHARD_TOKENS): milliseconds,
/// beside which the change from one operation to the next costs nothing.
const TURN_SHARDS: usize = 16;

/// The worker threads of a pool, counted.
// Relaxed throughout: the counts carry no data with them. The pool's own queue
// brings what a worker needs to the worker.
#[derive(Debug)]
pub(crate) struct Crew {
    idle: AtomicUsize,
    /// How many operations have use for a worker that they did not get.
    short: AtomicUsize,
}

impl Crew {
    /// Counts `workers` idle threads.
    pub(crate) fn new(workers: usize) -> Self {
        Self {
            idle: AtomicUsize::new(workers),
            short: AtomicUsize::new(0),
        }
    }

    fn take_idle(&self) -> bool {
        let one_less = |idle: usize| idle.checked_sub(1);
        self.idle.fetch_update(Relaxed, Relaxed, one_less).is_ok()
    }
}

/// The workers that one operation has.
#[derive(Debug)]
pub(crate) struct Team<'crew> {
    crew: &'crew Crew,
    /// How many it has use for.
    most: usize,
    size: AtomicUsize,
    /// Whether the crew counts it among the short ones.
    short: AtomicBool,
}

impl<'crew> Team<'crew> {
    /// Begins with no worker, for an operation that has use for `most`.
    pub(crate) fn new(crew: &'crew Crew, most: usize) -> Self {
        Self {
            crew,
            most,
            size: AtomicUsize::new(0),
            short: AtomicBool::new(false),
        }
    }

    /// Tells whether the operation has no use for a worker.
    pub(crate) fn is_of_none(&self) -> bool {
        self.most == 0
    }

    /// Takes a worker, if one is idle and the operation has use for it.
    ///
    /// The calling thread of the operation alone does this.
    pub(crate) fn take(&self) -> Option<Turn<'_>> {
        let wanted = self.size.load(Relaxed) < self.most;
        let taken = wanted && self.crew.take_idle();
        self.set_short(wanted && !taken);
        taken.then(|| {
            self.size.fetch_add(1, Relaxed);
            Turn {
                team: self,
                shards: 0,
            }
        })
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

    fn others_are_short(&self) -> bool {
        self.crew.short.load(Relaxed) > usize::from(self.short.load(Relaxed))
    }
}

/// What is still waited for is done with the workers that are there.
impl Drop for Team<'_> {
    fn drop(&mut self) {
        self.set_short(false);
    }
}

/// A worker's time with an operation; it is idle again when this is dropped.
#[derive(Debug)]
pub(crate) struct Turn<'team> {
    team: &'team Team<'team>,
    /// How many shards were begun.
    shards: usize,
}

impl Turn<'_> {
    /// Tells whether the worker is to take another shard, or to leave it to the
    /// operation's other threads because somebody else is short of workers.
    pub(crate) fn goes_on(&mut self) -> bool {
        let goes_on = self.shards < TURN_SHARDS || !self.is_wanted();
        self.shards += 1;
        goes_on
    }

    /// Tells whether another operation is short of workers.
    pub(crate) fn is_wanted(&self) -> bool {
        self.team.others_are_short()
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.team.size.fetch_sub(1, Relaxed);
        self.team.crew.idle.fetch_add(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take<'team>(team: &'team Team<'_>, count: usize) -> Vec<Turn<'team>> {
        let turns: Vec<_> = std::iter::from_fn(|| team.take()).collect();
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
            let crew = Crew::new(workers);
            for _ in 0..2 {
                let (one, other) = (Team::new(&crew, most), Team::new(&crew, 9));
                let turns = take(&one, first);
                let rest = take(&other, second);
                drop(turns);
                let again = take(&other, first);
                drop((rest, again));
            }
            assert_eq!(crew.idle.into_inner(), workers);
            assert_eq!(crew.short.into_inner(), 0);
        }
    }

    /// How many shards a worker does before it leaves, of so many.
    fn shards_done(turn: &mut Turn<'_>, most: usize) -> usize {
        (0..most).take_while(|_| turn.goes_on()).count()
    }

    #[test]
    fn a_worker_leaves_after_its_turn_where_another_team_is_short() {
        let crew = Crew::new(1);
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
}
