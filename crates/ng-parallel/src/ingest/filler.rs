use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use ng_store::BlockHasher;
use ng_token::Token;

use super::FillTask;
use super::job::{Job, Reply};
use crate::crew::Turn;

/// After how long a filler that waits looks whether somebody else is short of
/// workers.
const GLANCE: Duration = Duration::from_millis(1);

/// A worker's part in an ingest: fills what it is handed until there is no more,
/// or another operation is short of workers.
pub(super) struct Filler<'run, F, H> {
    task: &'run FillTask<'run, F, H>,
    jobs: Receiver<Job>,
    replies: Sender<Reply>,
}

impl<'run, F: Fn(usize) -> Token, H: BlockHasher> Filler<'run, F, H> {
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

    pub(super) fn help(&self, mut turn: Turn<'_>) {
        while turn.goes_on()
            && let Some(job) = self.next_job(&turn)
        {
            if self.replies.send(self.task.fill(job)).is_err() {
                return;
            }
        }
    }

    /// Waits for a job, as long as nobody else is short of workers: where the sink is
    /// slower than the filling, a filler mostly waits.
    fn next_job(&self, turn: &Turn<'_>) -> Option<Job> {
        loop {
            match self.jobs.recv_timeout(GLANCE) {
                Ok(job) => return Some(job),
                Err(RecvTimeoutError::Timeout) if !turn.is_wanted() => {}
                Err(_) => return None,
            }
        }
    }
}
