use crossbeam_channel::{Receiver, Sender};
use ng_store::BlockHasher;
use ng_token::Token;

use super::FillTask;
use super::job::{Job, Reply};
use crate::crew::Turn;

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
            && let Ok(job) = self.jobs.recv()
        {
            if self.replies.send(self.task.fill(job)).is_err() {
                return;
            }
        }
    }
}
