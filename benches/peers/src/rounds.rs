//! The conductor: a worker process for each cell of each round, one at a time.

use std::env;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use ng_lab::process::{Ended, Order, run_worker};
use ng_lab::protocol::{CellReading, Place, Task, TaskResult};
use ng_lab::rng::SplitMix64;
use ng_lab::{Cell, Interrupt};
use serde::Serialize;

use crate::folder::Folder;
use crate::plan::{Plan, PlannedCell};
use crate::say;
use crate::who::Who;

/// The environment of a worker is padded by less than this.
const PADDING_BYTES: u64 = 4096;

/// How long a worker may take: far more than any should.
const TIMEOUT: Duration = Duration::from_secs(60);
const TIMEOUT_OF_TOKEN: Duration = Duration::from_micros(20);

/// One measured time of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Sample {
    pub(crate) round: u32,
    pub(crate) elapsed_ns: u64,
}

/// All times of a cell.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub(crate) work: String,
    pub(crate) who: Who,
    pub(crate) threads: usize,
    /// The unit of the time: a token, a read, or one opening.
    pub(crate) items: u64,
    pub(crate) samples: Vec<Sample>,
}

/// A failed worker. Round 0 makes the files.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Failed {
    pub(crate) work: String,
    pub(crate) who: Who,
    pub(crate) threads: usize,
    pub(crate) round: u32,
    pub(crate) reason: String,
}

/// A cell that was not measured.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Skipped {
    pub(crate) work: String,
    pub(crate) who: Who,
    pub(crate) threads: usize,
    pub(crate) reason: String,
}

/// Everything that one run measured.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// One entry a planned cell, in the plan's order.
    pub(crate) series: Vec<Series>,
    pub(crate) failed: Vec<Failed>,
    pub(crate) skipped: Vec<Skipped>,
    pub(crate) interrupted: bool,
}

/// Makes the files, then runs the rounds of `plan` in `folder`.
///
/// Workers inherit the working directory, and find the files there.
pub(crate) fn conduct(
    plan: &Plan,
    folder: &Folder,
    seed: u64,
    interrupt: &Interrupt,
) -> Result<Record> {
    let program = env::current_exe().context("path of this program")?;
    env::set_current_dir(folder.path()).context("data folder")?;
    let mut conductor = Conductor {
        plan: plan.clone(),
        folder,
        interrupt,
        program,
        rng: SplitMix64::new(seed),
        record: Record::of(plan),
    };
    conductor.make_files()?;
    conductor.run_rounds()?;
    Ok(conductor.record)
}

impl Record {
    fn of(plan: &Plan) -> Self {
        Self {
            series: plan.cells.iter().map(Series::of).collect(),
            failed: Vec::new(),
            skipped: plan.cells.iter().filter_map(Skipped::of).collect(),
            interrupted: false,
        }
    }
}

impl Series {
    fn of(planned: &PlannedCell) -> Self {
        Self {
            work: planned.cell.scenario.clone(),
            who: planned.who,
            threads: planned.cell.variant.threads,
            items: planned.cell.items,
            samples: Vec::new(),
        }
    }
}

impl Skipped {
    fn of(planned: &PlannedCell) -> Option<Self> {
        Some(Self {
            work: planned.cell.scenario.clone(),
            who: planned.who,
            threads: planned.cell.variant.threads,
            reason: planned.skipped.clone()?,
        })
    }
}

struct Conductor<'a> {
    plan: Plan,
    folder: &'a Folder,
    interrupt: &'a Interrupt,
    program: PathBuf,
    rng: SplitMix64,
    record: Record,
}

impl Conductor<'_> {
    fn make_files(&mut self) -> Result<()> {
        let start = Instant::now();
        let cells = self.plan.preparation();
        for cell in &cells {
            if !self.record.interrupted {
                self.make_file(cell)?;
            }
        }
        say::err(&format!(
            "{} files made in {:.1} s",
            cells.len(),
            start.elapsed().as_secs_f64()
        ));
        Ok(())
    }

    fn make_file(&mut self, cell: &Cell) -> Result<()> {
        let Some(who) = Who::named(&cell.variant.name) else {
            return Ok(());
        };
        match self.work(cell)? {
            Heard::Time { .. } => self.folder.keep(who.name()).context("data folder")?,
            Heard::Failed(reason) => self.skip_readers_of(who, cell, reason),
            Heard::Interrupted => self.record.interrupted = true,
        }
        self.folder.clear_new().context("data folder")
    }

    fn skip_readers_of(&mut self, who: Who, cell: &Cell, reason: String) {
        self.record.failed.push(Failed {
            work: cell.scenario.clone(),
            who,
            threads: cell.variant.threads,
            round: 0,
            reason,
        });
        for planned in &mut self.plan.cells {
            if planned.skipped.is_none() && planned.reads_file_of(who) {
                planned.skipped = Some(format!("the file of {} could not be made", who.name()));
                self.record.skipped.extend(Skipped::of(planned));
            }
        }
    }

    fn run_rounds(&mut self) -> Result<()> {
        let (start, rounds) = (Instant::now(), self.plan.rounds);
        for round in 1..=rounds {
            let samples = self.run_round(round)?;
            if self.record.interrupted {
                return Ok(());
            }
            let spent = start.elapsed().as_secs_f64();
            let done = self.plan.estimate_of(1..=round).as_secs_f64();
            let left = self.plan.estimate_of(round + 1..=rounds).as_secs_f64() * spent / done;
            say::err(&format!(
                "round {round} of {rounds}: {samples} samples, {spent:.0} s so far, about \
                 {left:.0} s left"
            ));
        }
        Ok(())
    }

    /// Runs the due cells in random order, and returns how many there were.
    fn run_round(&mut self, round: u32) -> Result<usize> {
        let due = |planned: &PlannedCell| {
            planned.skipped.is_none() && planned.is_due(round, self.plan.rounds)
        };
        let cells = self.plan.cells.iter().enumerate();
        let mut order: Vec<usize> = cells
            .filter_map(|(index, planned)| due(planned).then_some(index))
            .collect();
        self.rng.shuffle(&mut order);
        for &index in &order {
            if !self.record.interrupted {
                self.sample(round, index)?;
            }
        }
        Ok(order.len())
    }

    fn sample(&mut self, round: u32, index: usize) -> Result<()> {
        let planned = self.plan.cells[index].clone();
        let heard = self.work(&planned.cell)?;
        if planned.writes() {
            self.folder.clear_new().context("data folder")?;
        }
        let series = &mut self.record.series[index];
        match heard {
            Heard::Time { elapsed_ns, items } => {
                series.items = items;
                series.samples.push(Sample { round, elapsed_ns });
            }
            Heard::Failed(reason) => self.record.failed.push(Failed {
                work: series.work.clone(),
                who: series.who,
                threads: series.threads,
                round,
                reason,
            }),
            Heard::Interrupted => self.record.interrupted = true,
        }
        Ok(())
    }

    /// Has a worker do `cell`.
    fn work(&mut self, cell: &Cell) -> Result<Heard> {
        let padding = self.rng.below(PADDING_BYTES) as usize;
        let timeout = TIMEOUT + TIMEOUT_OF_TOKEN * u32::try_from(cell.items).unwrap_or(u32::MAX);
        let task = Task::Cell(cell.clone());
        let place = Place::default();
        let order = Order {
            padding,
            ..Order::plain(&task, &place, timeout)
        };
        let ended = run_worker(&self.program, &order, self.interrupt);
        Ok(match ended.context("cannot start a worker")? {
            Ended::Interrupted => Heard::Interrupted,
            Ended::Failed(reason) => Heard::Failed(reason),
            Ended::Reply(reply) => understand(reply.outcome),
        })
    }
}

/// The result of a worker.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    Time { elapsed_ns: u64, items: u64 },
    Failed(String),
    Interrupted,
}

fn understand(outcome: TaskResult) -> Heard {
    match outcome {
        TaskResult::Cell(reading) => only_phase(&reading),
        TaskResult::Failed(reason) => Heard::Failed(reason),
        TaskResult::Limits(_) | TaskResult::Marked(_) => {
            Heard::Failed("worker replied with something else than a cell".to_owned())
        }
    }
}

fn only_phase(reading: &CellReading) -> Heard {
    match &reading.phases[..] {
        [phase] => Heard::Time {
            elapsed_ns: phase.elapsed_ns,
            items: phase.items,
        },
        phases => Heard::Failed(format!("{} phases, expected 1", phases.len())),
    }
}
