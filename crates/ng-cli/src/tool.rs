use std::num::NonZeroUsize;
use std::thread;

use anyhow::{Context, Result};
use ng_parallel::Workers;

use crate::interrupt::Interrupt;
use crate::progress::Progress;
use crate::say::Say;

/// What every verb works with.
pub(crate) struct Tool {
    pub(crate) say: Say,
    pub(crate) interrupt: Interrupt,
}

impl Tool {
    pub(crate) fn new(say: Say) -> Result<Self> {
        let interrupt = Interrupt::on_signals(say).context("signal handler")?;
        Ok(Self { say, interrupt })
    }

    /// Shows how many tokens are done, of `total` if known.
    pub(crate) fn progress(&self, what: &'static str, total: Option<u64>) -> Progress {
        Progress::new(self.say.shows_progress(), what, total)
    }
}

/// Starts as many workers as asked for, or as the system grants processors.
pub(crate) fn workers(threads: Option<NonZeroUsize>) -> Result<Workers> {
    Ok(Workers::new(threads_for(threads))?)
}

/// Returns the number of threads asked for, or granted by the system.
pub(crate) fn threads_for(asked: Option<NonZeroUsize>) -> usize {
    let granted = || thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    asked.unwrap_or_else(granted).get()
}
