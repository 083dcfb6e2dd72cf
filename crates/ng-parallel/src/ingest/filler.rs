use std::cell::Cell;

use crossbeam_channel::{Receiver, Sender};
use ng_store::BlockHasher;
use ng_token::Token;

use super::FillTask;
use super::job::{Job, Reply};

thread_local! {
    static FILLS: Cell<bool> = const { Cell::new(false) };
}

/// A worker's part in an ingest: fills what it is handed until there is no more.
pub(super) struct Filler<'run, F, H> {
    task: &'run FillTask<'run, F, H>,
    jobs: Receiver<Job>,
    replies: Sender<Reply>,
}

impl<F, H> Clone for Filler<'_, F, H> {
    fn clone(&self) -> Self {
        Self::new(self.task, self.jobs.clone(), self.replies.clone())
    }
}

impl<'run, F, H> Filler<'run, F, H> {
    pub(super) fn new(
        task: &'run FillTask<'run, F, H>,
        jobs: Receiver<Job>,
        replies: Sender<Reply>,
    ) -> Self {
        Self {
            task,
            jobs,
            replies,
        }
    }
}

impl<F: Fn(usize) -> Token, H: BlockHasher> Filler<'_, F, H> {
    pub(super) fn run(self) {
        let Some(_turn) = Turn::take() else {
            return;
        };
        for job in &self.jobs {
            if self.replies.send(self.task.fill(job)).is_err() {
                return;
            }
        }
    }
}

/// The right to fill on this thread, one at a time.
///
/// A closure that works in parallel itself waits on its thread, and a thread of
/// the pool that waits runs other tasks meanwhile. A second filler below the
/// first could wait for buffers behind the one that the first holds, for ever.
struct Turn;

impl Turn {
    fn take() -> Option<Self> {
        match FILLS.replace(true) {
            true => None,
            false => Some(Self),
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        FILLS.set(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A refused turn that was made and dropped would give the first one back.
    #[test]
    fn a_turn_that_is_taken_is_refused_until_it_is_given_back() {
        for _ in 0..2 {
            let turn = Turn::take();
            assert!(turn.is_some());
            for _ in 0..3 {
                assert!(Turn::take().is_none());
            }
            drop(turn);
        }
    }
}
