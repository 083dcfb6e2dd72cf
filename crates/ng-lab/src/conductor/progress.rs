//! Progress on standard error: a bar on a terminal, a line a round elsewhere.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::model::Profile;
use crate::worker::protocol::Task;
use crate::worker::scenario::Cell;

/// Tells the user how far a run is. Draws between tasks only, so that nothing
/// works beside a worker.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    speaks: bool,
    lines: bool,
    round: Option<u32>,
    rounds: Option<u32>,
}

impl Progress {
    /// A bar if standard error is a terminal, else a line a round.
    #[must_use]
    pub fn on_stderr() -> Self {
        let draws = io::stderr().is_terminal();
        Self::new(draws, true)
    }

    /// Says nothing.
    #[must_use]
    pub fn hidden() -> Self {
        Self::new(false, false)
    }

    fn new(draws: bool, speaks: bool) -> Self {
        let bar = ProgressBar::with_draw_target(
            None,
            if draws {
                ProgressDrawTarget::stderr()
            } else {
                ProgressDrawTarget::hidden()
            },
        );
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} {elapsed} {msg}") {
            bar.set_style(style);
        }
        Self {
            bar,
            speaks,
            lines: speaks && !draws,
            round: None,
            rounds: None,
        }
    }

    /// Says that another measurement is waited for.
    pub(crate) fn waits(&self) {
        if self.speaks {
            self.say("waiting for another measurement on this machine to end");
        }
    }

    /// Says what the user should know before time is spent.
    pub(crate) fn warn(&self, line: &str) {
        if self.speaks {
            self.say(line);
        }
    }

    /// A line on standard error. That nobody can read it is no reason to stop.
    fn say(&self, line: &str) {
        self.bar.suspend(|| {
            let _ = writeln!(io::stderr(), "{line}");
        });
    }

    pub(crate) fn begin_counts(&mut self, steps: u64, counted_by: &str) {
        if self.speaks {
            self.say(&format!(
                "counting instructions: {steps} workers under {counted_by}, some seconds each"
            ));
        }
        self.bar.set_length(steps);
    }

    pub(crate) fn count(&mut self, cell: &Cell) {
        self.bar.set_message(format!("counting {cell}"));
    }

    pub(crate) fn begin(&mut self, steps: u64, estimate: Duration) {
        if self.speaks {
            let seconds = estimate.as_secs_f64();
            self.say(&format!(
                "a round has about {steps} workers and is estimated to take {seconds:.0} s"
            ));
        }
        // Counts may have come before.
        self.bar.set_position(0);
        self.bar.reset_elapsed();
        self.bar.set_length(steps);
    }

    pub(crate) fn plan_rounds(&mut self, steps: u64, rounds: u32, each: Duration) {
        self.rounds = Some(rounds);
        let done = self.bar.position();
        self.bar.set_length(done + steps * u64::from(rounds));
        if self.speaks {
            let took = self.bar.elapsed().as_secs_f64();
            let rest = each.as_secs_f64() * f64::from(rounds);
            self.say(&format!(
                "round 0 took {took:.1} s; {rounds} more, about {rest:.0} s"
            ));
        }
    }

    pub(crate) fn step(&mut self, round: u32, task: &Task, profile: Profile) {
        if let (true, Some(rounds)) = (self.lines && self.round != Some(round), self.rounds) {
            self.say(&format!("round {round} of {rounds}"));
        }
        self.round = Some(round);
        let what = match task {
            Task::Cell(cell) | Task::Mark { cell, .. } => cell.to_string(),
            Task::Limits { threads, .. } => format!("limits x{threads}"),
            Task::PageFaults { .. } => "page faults".to_owned(),
        };
        let name = profile.name();
        self.bar
            .set_message(format!("round {round}: {what} ({name})"));
    }

    pub(crate) fn step_done(&mut self) {
        self.bar.inc(1);
    }

    pub(crate) fn end(&mut self) {
        self.bar.finish_and_clear();
    }
}
