use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, select};

use super::Make;
use super::job::{Job, Reply, fill};
use crate::StopFlag;
use crate::crew::Turn;

/// How long a filler waits for a job while another operation is short of workers.
const PATIENCE: Duration = Duration::from_millis(1);

/// A worker's part in an ingest: fills shards until there are no more, or another operation
/// is short of workers.
pub(super) struct Filler<'run, K: Make> {
    pub(super) make: &'run K,
    pub(super) stop: &'run StopFlag,
    pub(super) jobs: Receiver<Job>,
    pub(super) replies: Sender<Reply<K::Error>>,
}

impl<K: Make> Filler<'_, K> {
    pub(super) fn help(&self, mut turn: Turn<'_>) {
        while turn.goes_on()
            && let Some(job) = self.next_job(&turn)
        {
            let reply = fill(self.make, self.stop, job);
            if self.replies.send(reply).is_err() {
                return;
            }
        }
    }

    /// Waits for a job, until another operation is short of workers: if the sink is slower
    /// than the filling, a filler mostly waits.
    fn next_job(&self, turn: &Turn<'_>) -> Option<Job> {
        while !turn.is_wanted() {
            select! {
                recv(self.jobs) -> job => return job.ok(),
                recv(turn.wants()) -> _ => {}
            }
        }
        self.jobs.recv_timeout(PATIENCE).ok()
    }
}
