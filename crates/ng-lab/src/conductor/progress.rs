//! Progress on standard error: a bar on a terminal, a line per round elsewhere.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::conductor::stopping::Looked;
use crate::model::Profile;
use crate::worker::protocol::Task;
use crate::worker::scenario::Cell;

/// Shows the progress of a run. Draws only between tasks, so that nothing runs beside
/// a worker.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    speaks: bool,
    lines: bool,
    round: Option<u32>,
    rounds: Option<u32>,
}

impl Progress {
    /// A bar if standard error is a terminal, else a line per round.
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

    /// Reports that the run waits for another measurement.
    pub(crate) fn waits(&self) {
        if self.speaks {
            self.say("waiting for another measurement on this machine to end");
        }
    }

    /// Warns the user before time is spent.
    pub(crate) fn warn(&self, line: &str) {
        if self.speaks {
            self.say(line);
        }
    }

    /// Writes a line to standard error; a failure to write is no reason to stop.
    fn say(&self, line: &str) {
        self.bar.suspend(|| {
            let _ = writeln!(io::stderr(), "{line}");
        });
    }

    pub(crate) fn begin_counts(&mut self, steps: u64, counted_by: &str) {
        if self.speaks {
            self.say(&format!(
                "counting instructions: {steps} workers under {counted_by}, a few seconds each"
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
                "a round starts about {steps} workers and takes an estimated {seconds:.0} s"
            ));
        }
        // The bar may have counted instructions before.
        self.bar.set_position(0);
        self.bar.reset_elapsed();
        self.bar.set_length(steps);
    }

    /// Says how many rounds there is time for, and where the looks are.
    pub(crate) fn plan_rounds(&mut self, steps: u64, rounds: u32, each: Duration, looks: &[u32]) {
        let most = looks.last().copied().unwrap_or(rounds);
        self.rounds = Some(most);
        let done = self.bar.position();
        self.bar.set_length(done + steps * u64::from(rounds));
        if self.speaks {
            let took = self.bar.elapsed().as_secs_f64();
            let rest = each.as_secs_f64() * f64::from(rounds);
            self.say(&format!(
                "round 0 took {took:.1} s; {rounds} more, about {rest:.0} s"
            ));
            if let Some(first) = looks.first() {
                self.say(&format!(
                    "from round {first} on, only undecided phases go on, for {most} rounds at most"
                ));
            }
        }
    }

    /// Says which phases a look left undecided, or the first few of many.
    pub(super) fn looked(&mut self, looked: &Looked, steps: u64, most: u32) {
        const NAMED: usize = 4;
        let Looked {
            rounds,
            tests,
            decided,
            undecided,
        } = looked;
        self.bar
            .set_length(self.bar.position() + steps * u64::from(most - rounds));
        if self.speaks {
            let named: Vec<&str> = undecided.iter().take(NAMED).map(String::as_str).collect();
            let open = match undecided.len() {
                0 => String::new(),
                1..=NAMED => format!("; undecided: {}", named.join(", ")),
                more => format!(
                    "; undecided: {} and {} more",
                    named.join(", "),
                    more - NAMED
                ),
            };
            self.say(&format!(
                "after {rounds} rounds, {decided} of {tests} phases are decided{open}"
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
