//! The worker's side of a soak: one job, a line for each message, end.

use std::io::Write;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::soak::{Message, Operations, SoakPlan, SystemClock, soak};
use crate::worker::protocol::PROTOCOL;
use crate::worker::run::Failure;
use crate::worker::serve::pipe_to_conductor;

/// A worker's job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SoakJob {
    /// The conductor's version of the protocol.
    pub protocol: u32,
    /// The inherited descriptor that messages go to.
    pub reply_fd: i32,
    /// The worker's own empty folder.
    pub dir: PathBuf,
    /// What to work on, in the caller's word.
    #[serde(default)]
    pub on: String,
    /// The most items that a file may have.
    pub most_items: u64,
    /// How to run it.
    pub plan: SoakPlan,
}

/// Does the job in `argument` with the operations that `make` returns for it.
///
/// # Errors
/// The argument is not a job of this protocol, or the pipe is gone. Failures of the
/// work itself are messages, not errors.
pub fn serve_soak(
    argument: &str,
    make: impl FnOnce(&SoakJob) -> Result<Box<dyn Operations>, Failure>,
) -> Result<(), Failure> {
    let job: SoakJob =
        serde_json::from_str(argument).map_err(|error| format!("soak: unreadable job: {error}"))?;
    if job.protocol != PROTOCOL {
        return Err(format!("soak: protocol {}, expected {PROTOCOL}", job.protocol).into());
    }
    let mut pipe = pipe_to_conductor(job.reply_fd)?;
    let mut tell = |message: &Message| {
        let mut line = serde_json::to_string(message)?;
        line.push('\n');
        pipe.write_all(line.as_bytes())
    };
    match make(&job) {
        Ok(mut operations) => {
            let clock = SystemClock::start();
            soak(operations.as_mut(), &job.plan, &clock, &mut tell)?;
        }
        Err(failure) => tell(&Message::Failed(failure.to_string()))?,
    }
    Ok(())
}
