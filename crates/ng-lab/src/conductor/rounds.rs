//! Randomised complete blocks: every round runs every cell, build and probe once.

use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::conductor::plan::{PAGE_FAULT_BYTES, Plan, Request};
use crate::conductor::record::{CellRecord, CellRound, Record};
use crate::interrupt::Interrupt;
use crate::kernel::CpuTicks;
use crate::process::{Ended, run_worker};
use crate::progress::Progress;
use crate::protocol::{Outcome, Task};
use crate::rng::SplitMix64;
use crate::scenario::{Cell, Profile};

/// A worker's environment is padded by fewer bytes than this: four pages move
/// the stack through every alignment that matters.
const PADDING_BYTES: u64 = 16 << 10;

/// One task of a round: a planned cell, or a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Cell(usize),
    Limits { bytes: u64, threads: usize },
    PageFaults { bytes: u64 },
}

/// Runs round 0 and the rounds after it, and records what every worker said.
///
/// Every result is written to `log` as it comes, one JSON line each, so that a
/// run that is cut off has lost nothing.
///
/// # Errors
/// A worker program cannot be started, or `log` cannot be written.
pub fn conduct(
    request: &Request,
    plan: &Plan,
    log: &mut dyn Write,
    interrupt: &Interrupt,
    progress: &mut Progress,
) -> io::Result<Record> {
    let mut run = Conduct {
        request,
        plan,
        log,
        interrupt,
        rng: SplitMix64::new(request.seed),
        record: Record {
            cells: records_of(plan),
            ..Record::default()
        },
    };
    let steps = run.steps().len() as u64;
    progress.begin(steps, plan.round_estimate);
    let start = Instant::now();
    run.round(0, progress)?;
    let rounds = request.rounds.after_first(start.elapsed());
    progress.plan_rounds(steps, rounds, start.elapsed());
    for round in 1..=rounds {
        if run.interrupt.is_set() {
            break;
        }
        run.round(round, progress)?;
    }
    progress.end();
    Ok(run.record)
}

fn records_of(plan: &Plan) -> Vec<CellRecord> {
    plan.cells
        .iter()
        .map(|planned| CellRecord {
            planned: planned.clone(),
            rounds: Vec::new(),
        })
        .collect()
}

struct Conduct<'a> {
    request: &'a Request,
    plan: &'a Plan,
    log: &'a mut dyn Write,
    interrupt: &'a Interrupt,
    rng: SplitMix64,
    record: Record,
}

impl Conduct<'_> {
    fn round(&mut self, round: u32, progress: &mut Progress) -> io::Result<()> {
        for (position, step) in self.steps().into_iter().enumerate() {
            if self.interrupt.is_set() || !self.perform(round, position as u32, step, progress)? {
                self.record.interrupted = true;
                return Ok(());
            }
            progress.step_done();
        }
        self.record.rounds = round;
        Ok(())
    }

    /// The tasks of one round in random order. The builds of one cell stay
    /// neighbours, in random order among themselves: what is compared is close
    /// in time. Probes fall anywhere.
    fn steps(&mut self) -> Vec<Step> {
        let mut blocks: Vec<Vec<Step>> = Vec::new();
        let mut open: Option<&Cell> = None;
        for (index, planned) in self.plan.cells.iter().enumerate() {
            if planned.skipped.is_some() {
                continue;
            }
            if open != Some(&planned.cell) {
                blocks.push(Vec::new());
                open = Some(&planned.cell);
            }
            if let Some(block) = blocks.last_mut() {
                block.push(Step::Cell(index));
            }
        }
        for &(bytes, threads) in &self.plan.limits {
            blocks.push(vec![Step::Limits { bytes, threads }]);
        }
        let largest = self.plan.limits.iter().map(|(bytes, _)| *bytes).max();
        blocks.extend(largest.map(|bytes| {
            let bytes = bytes.min(PAGE_FAULT_BYTES);
            vec![Step::PageFaults { bytes }]
        }));
        self.rng.shuffle(&mut blocks);
        for block in &mut blocks {
            self.rng.shuffle(block);
        }
        blocks.concat()
    }

    /// Runs one task; false if the user stopped it.
    fn perform(
        &mut self,
        round: u32,
        position: u32,
        step: Step,
        progress: &mut Progress,
    ) -> io::Result<bool> {
        let (task, profile) = self.task(step);
        progress.step(round, &task, profile);
        let padding = self.rng.below(PADDING_BYTES) as usize;
        let before = ticks();
        let ended = run_worker(
            self.program(profile)?,
            &task,
            padding,
            timeout(self.request, &task),
            self.interrupt,
        )?;
        let ticks = ticks().since(&before);
        let outcome = match ended {
            Ended::Interrupted => return Ok(false),
            Ended::Failed(reason) => Outcome::Failed(reason),
            Ended::Reply(reply) if reply.profile != profile => Outcome::Failed(format!(
                "worker was built as {}, expected {}",
                reply.profile.name(),
                profile.name()
            )),
            Ended::Reply(reply) => reply.outcome,
        };
        self.write_log(round, position, step, &task, &outcome)?;
        self.keep(step, round, position, ticks, outcome);
        Ok(true)
    }

    fn task(&self, step: Step) -> (Task, Profile) {
        match step {
            Step::Cell(index) => {
                let planned = &self.plan.cells[index];
                (Task::Cell(planned.cell.clone()), planned.profile)
            }
            Step::Limits { bytes, threads } => {
                (Task::Limits { bytes, threads }, self.probe_profile())
            }
            Step::PageFaults { bytes } => (Task::PageFaults { bytes }, self.probe_profile()),
        }
    }

    /// Probes are optimised in both builds; release is taken where there is one.
    fn probe_profile(&self) -> Profile {
        let profiles = self.request.programs.iter().map(|(profile, _)| *profile);
        profiles.max().unwrap_or(Profile::Release)
    }

    fn program(&self, profile: Profile) -> io::Result<&Path> {
        let mut programs = self.request.programs.iter();
        programs
            .find(|(found, _)| *found == profile)
            .map(|(_, path)| path.as_path())
            .ok_or_else(|| {
                let name = profile.name();
                io::Error::new(io::ErrorKind::NotFound, format!("no {name} worker program"))
            })
    }

    fn keep(&mut self, step: Step, round: u32, position: u32, ticks: CpuTicks, outcome: Outcome) {
        match (step, outcome) {
            (Step::Cell(index), outcome) => self.record.cells[index].rounds.push(CellRound {
                round,
                position,
                reading: match outcome {
                    Outcome::Cell(reading) => Ok(reading),
                    Outcome::Failed(reason) => Err(reason),
                    Outcome::Limits(_) => Err("worker replied with limits".to_owned()),
                },
                ticks,
            }),
            (Step::Limits { bytes, threads }, Outcome::Limits(found)) => {
                self.record.add_limits(round, bytes, threads, &found);
            }
            (Step::PageFaults { bytes }, Outcome::Limits(found)) => {
                self.record.add_limits(round, bytes, 1, &found);
            }
            (_, Outcome::Failed(reason)) => self.record.probe_failures.push(reason),
            (_, Outcome::Cell(_)) => {}
        }
    }

    fn write_log(
        &mut self,
        round: u32,
        position: u32,
        step: Step,
        task: &Task,
        outcome: &Outcome,
    ) -> io::Result<()> {
        #[derive(Serialize)]
        struct Line<'a> {
            round: u32,
            position: u32,
            build: Option<(Profile, crate::conductor::Role)>,
            task: &'a Task,
            outcome: &'a Outcome,
        }
        let build = match step {
            Step::Cell(index) => {
                let planned = &self.plan.cells[index];
                Some((planned.profile, planned.role))
            }
            _ => None,
        };
        let line = serde_json::to_string(&Line {
            round,
            position,
            build,
            task,
            outcome,
        })?;
        writeln!(self.log, "{line}")?;
        self.log.flush()
    }
}

/// Windows without `/proc` are empty, and nothing is concluded from them.
fn ticks() -> CpuTicks {
    CpuTicks::read().unwrap_or_default()
}

/// Far above any honest duration: half a minute, and 0.2 us a byte.
fn timeout(request: &Request, task: &Task) -> Duration {
    let bytes = match task {
        Task::Cell(cell) => cell.items * request.subject.item_bytes,
        Task::Limits { bytes, .. } | Task::PageFaults { bytes } => *bytes,
    };
    Duration::from_secs(30) + Duration::from_nanos(bytes / 5 * 1000)
}
