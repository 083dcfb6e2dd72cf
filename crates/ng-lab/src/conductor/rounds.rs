//! Randomised complete blocks: every round runs every cell, build and probe once.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::conductor::plan::{PAGE_FAULT_BYTES, Plan, PlannedCell, Request};
use crate::conductor::process::{Ended, Order, run_worker};
use crate::conductor::progress::Progress;
use crate::conductor::readings::{CellReadings, CellRound, LimitSample, Readings};
use crate::conductor::stopping::Stopping;
use crate::conductor::workplace::{Surroundings, Workplace};
use crate::machine::data_folder::DataFolder;
use crate::machine::interrupt::Interrupt;
use crate::machine::kernel::CpuTicks;
use crate::model::{Limit, LimitKey, Plant, Profile, Role};
use crate::stats::rng::SplitMix64;
use crate::worker::protocol::{Task, TaskResult};

/// A worker's environment is padded by fewer bytes than this: four pages move
/// the stack through every alignment that matters.
const PADDING_BYTES: u64 = 16 << 10;

/// A round with all that later rounds have and nothing else: round 1 has probes that
/// a run with looks does not repeat.
const LATER: u32 = 2;

/// One task of a round: a planned cell, or a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Cell(usize),
    Limits(Probe),
    PageFaults { bytes: u64 },
}

/// Limits that one worker probes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Probe {
    bytes: u64,
    threads: usize,
    memory_limit_bytes: Option<u64>,
    limits: Vec<Limit>,
    block: Option<usize>,
}

impl Probe {
    fn key(&self, limit: Limit) -> LimitKey {
        LimitKey {
            bytes: self.bytes,
            threads: self.threads,
            memory_limit_bytes: self.memory_limit_bytes,
            limit,
        }
    }

    fn task(&self) -> Task {
        Task::Limits {
            bytes: self.bytes,
            threads: self.threads,
            limits: self.limits.clone(),
            memory_limit_bytes: self.memory_limit_bytes,
        }
    }
}

/// Runs round 0 and the rounds after it, and records every worker's reply.
///
/// Every result is written to `log` as it comes, one JSON line each, so that a
/// run that is cut off has lost nothing.
///
/// A `log` that cannot be written ends the run; what was measured is kept.
/// Workers that need files get their folders in `data`; without it they fail.
///
/// # Errors
/// A worker program cannot be started.
pub fn conduct(
    request: &Request,
    plan: &Plan,
    data: Option<&DataFolder>,
    log: &mut dyn Write,
    interrupt: &Interrupt,
    progress: &mut Progress,
) -> io::Result<Readings> {
    let mut run = Conduct {
        request,
        plan,
        data,
        log,
        interrupt,
        rng: SplitMix64::new(request.seed),
        readings: Readings {
            cells: records_of(plan),
            ..Readings::default()
        },
        once: Duration::ZERO,
        will_look: Stopping::applies(&request.versus, request.rounds),
        stopping: Stopping::default(),
    };
    let first_blocks = run.blocks(0);
    let first_steps = first_blocks.concat().len();
    progress.begin(first_steps as u64, plan.round_estimate);
    let start = Instant::now();
    run.round(0, progress)?;
    // Later rounds have the probes that round 0 showed to be needed.
    let steps = run.blocks(LATER).concat().len();
    let repeated = first_blocks.concat();
    let repeated = repeated.iter().filter(|step| !run.is_apart(step));
    let longer = steps as f64 / repeated.count().max(1) as f64;
    let round_time = start.elapsed().saturating_sub(run.once).mul_f64(longer);
    let rounds = request.rounds.after_first(start.elapsed(), round_time);
    let rounds = with_gate(rounds, request, &run.readings, progress);
    run.stopping = Stopping::plan(&request.versus, request.rounds, &run.readings, rounds);
    run.readings.schedule = run.stopping.looks().clone();
    progress.plan_rounds(
        steps as u64,
        rounds,
        round_time,
        run.stopping.looks().rounds(),
    );
    run.later_rounds(run.stopping.most(rounds), round_time, start, progress)?;
    run.readings.looks = run.stopping.taken();
    progress.end();
    Ok(run.readings)
}

/// The rounds that the gate needs, where it may add some; else the user is told
/// before the time is spent.
fn with_gate(rounds: u32, request: &Request, readings: &Readings, progress: &Progress) -> u32 {
    let needed = request.versus.rounds_needed(&readings.cells);
    let gate = request.versus.gate.filter(|_| rounds < needed);
    match gate {
        None => rounds,
        Some(gate) if gate.adds_rounds => needed,
        Some(_) => {
            progress.warn(&format!(
                "the gate needs {needed} rounds, {rounds} were asked for: it will not be able to tell"
            ));
            rounds
        }
    }
}

fn records_of(plan: &Plan) -> Vec<CellReadings> {
    plan.cells
        .iter()
        .map(|planned| CellReadings {
            planned: planned.clone(),
            rounds: Vec::new(),
        })
        .collect()
}

/// How a task was performed.
#[derive(Clone, Copy)]
struct Performed {
    round: u32,
    position: u32,
    ticks: CpuTicks,
    answered: bool,
}

struct Conduct<'a> {
    request: &'a Request,
    plan: &'a Plan,
    data: Option<&'a DataFolder>,
    log: &'a mut dyn Write,
    interrupt: &'a Interrupt,
    rng: SplitMix64,
    readings: Readings,
    /// Time of what later rounds do not repeat.
    once: Duration,
    /// Whether a gate will look while the run goes on.
    will_look: bool,
    stopping: Stopping,
}

impl Conduct<'_> {
    /// Runs up to `most` rounds after round 0, until all phases are decided or the budget
    /// ends.
    fn later_rounds(
        &mut self,
        most: u32,
        round_time: Duration,
        start: Instant,
        progress: &mut Progress,
    ) -> io::Result<()> {
        let mut step_time = round_time / self.steps().max(1);
        for round in 1..=most {
            let steps = self.steps();
            let lacks_time = self.stopping.lacks_time(start.elapsed(), step_time * steps);
            if self.readings.ended_early() || steps == 0 || lacks_time {
                break;
            }
            let began = Instant::now();
            self.round(round, progress)?;
            step_time = began.elapsed() / steps;
            let looked = self.stopping.look(round, start.elapsed(), &self.readings);
            if let Some(looked) = looked.filter(|_| !self.readings.ended_early()) {
                progress.looked(&looked, u64::from(self.steps()), most);
            }
        }
        Ok(())
    }

    /// Returns the number of tasks in the next round.
    fn steps(&self) -> u32 {
        self.blocks(LATER)
            .iter()
            .map(|block| block.len() as u32)
            .sum()
    }

    fn round(&mut self, round: u32, progress: &mut Progress) -> io::Result<()> {
        for (position, step) in self.shuffled(round).into_iter().enumerate() {
            if self.interrupt.is_set() {
                self.readings.interrupted = true;
            } else {
                self.perform(round, position as u32, step, progress)?;
            }
            if self.readings.ended_early() {
                return Ok(());
            }
            progress.step_done();
        }
        self.readings.rounds = round;
        Ok(())
    }

    /// The tasks of one round in random order: the blocks, and the tasks within each.
    fn shuffled(&mut self, round: u32) -> Vec<Step> {
        let mut blocks = self.blocks(round);
        self.rng.shuffle(&mut blocks);
        for block in &mut blocks {
            self.rng.shuffle(block);
        }
        blocks.concat()
    }

    /// The tasks of one round, those together that are compared: the copies of a
    /// cell with the limits that bound it. Round 0 does not know yet which these
    /// are, and probes all of them apart; later rounds probe the others apart.
    fn blocks(&self, round: u32) -> Vec<Vec<Step>> {
        let mut blocks: Vec<Vec<Step>> = Vec::new();
        let mut beside: BTreeSet<LimitKey> = BTreeSet::new();
        let mut open = None;
        for (index, planned) in self.plan.cells.iter().enumerate() {
            let left_out = self.readings.cells[index].left_out().is_some();
            if planned.skipped.is_some() || left_out || !self.stopping.goes_on(planned) {
                continue;
            }
            if open != Some(planned.block) {
                open = Some(planned.block);
                let probes = if round == 0 {
                    Vec::new()
                } else {
                    self.probes_beside(planned)
                };
                let keys = |probe: &Probe| {
                    let limits = probe.limits.iter();
                    limits.map(|limit| probe.key(*limit)).collect::<Vec<_>>()
                };
                beside.extend(probes.iter().flat_map(keys));
                blocks.push(probes.into_iter().map(Step::Limits).collect());
            }
            if let Some(block) = blocks.last_mut() {
                block.push(Step::Cell(index));
            }
        }
        // They take most of a round's time, and decide nothing under a gate.
        if !self.will_look || round < LATER {
            blocks.extend(self.probes_apart(&beside));
        }
        blocks
    }

    /// The limits that bound the copies of a cell, a probe for each number of threads.
    fn probes_beside(&self, planned: &PlannedCell) -> Vec<Probe> {
        let mut bounds = self.readings.bounds_of(planned.block);
        let memory_limit_bytes = planned.memory_limit_bytes;
        let bytes = planned.limit_bytes;
        bounds.retain(|(threads, limit)| {
            self.plan
                .probes(bytes, *threads, memory_limit_bytes, *limit)
        });
        let threads: BTreeSet<usize> = bounds.iter().map(|(threads, _)| *threads).collect();
        let probe = |threads| Probe {
            bytes,
            threads,
            memory_limit_bytes,
            limits: bounds
                .iter()
                .filter(|(found, _)| *found == threads)
                .map(|(_, limit)| *limit)
                .collect(),
            block: Some(planned.block),
        };
        threads.into_iter().map(probe).collect()
    }

    fn probes_apart(&self, beside: &BTreeSet<LimitKey>) -> Vec<Vec<Step>> {
        let mut apart: Vec<Vec<Step>> = Vec::new();
        for planned in &self.plan.limits {
            let mut probe = Probe {
                bytes: planned.bytes,
                threads: planned.threads,
                memory_limit_bytes: planned.memory_limit_bytes,
                limits: planned.limits().collect(),
                block: None,
            };
            let mut limits = std::mem::take(&mut probe.limits);
            limits.retain(|limit| !beside.contains(&probe.key(*limit)));
            if !limits.is_empty() {
                apart.push(vec![Step::Limits(Probe { limits, ..probe })]);
            }
        }
        let largest = self.plan.limits.iter().map(|limits| limits.bytes).max();
        apart.extend(largest.map(|bytes| {
            let bytes = bytes.min(PAGE_FAULT_BYTES);
            vec![Step::PageFaults { bytes }]
        }));
        apart
    }

    /// Runs one task, unless the user stops it.
    fn perform(
        &mut self,
        round: u32,
        position: u32,
        step: Step,
        progress: &mut Progress,
    ) -> io::Result<()> {
        let (task, profile) = self.task(&step);
        let role = self.role(&step);
        progress.step(round, &task, profile);
        let padding = self.rng.below(PADDING_BYTES) as usize;
        let began = Instant::now();
        let before = ticks();
        let ended = match Workplace::set_up(self.data, self.surroundings(&step)) {
            Ok(workplace) => {
                let order = Order {
                    task: &task,
                    place: &workplace.place(),
                    plant: self.plant(role),
                    // Once is enough: what is asked for does not depend on the round.
                    counts_allocations: round == 0 && role == Role::Main,
                    padding,
                    argument_bytes: 0,
                    timeout: timeout(self.request, &task),
                };
                run_worker(self.request.program(profile, role)?, &order, self.interrupt)?
            }
            Err(error) => Ended::Failed(format!("the worker's place: {error}")),
        };
        let ticks = ticks().since(&before);
        let answered = matches!(ended, Ended::Reply(_));
        let outcome = match ended {
            Ended::Interrupted => {
                self.readings.interrupted = true;
                return Ok(());
            }
            Ended::Failed(reason) => TaskResult::Failed(reason),
            Ended::Reply(reply) if reply.profile != profile => TaskResult::Failed(format!(
                "worker was built as {}, expected {}",
                reply.profile.name(),
                profile.name()
            )),
            Ended::Reply(reply) => reply.outcome,
        };
        if let Err(error) = self.write_log(round, position, &step, &task, &outcome) {
            self.readings.stopped_by = Some(format!("the log of results: {error}"));
        }
        if round == 0 && self.is_apart(&step) {
            self.once += began.elapsed();
        }
        let run = Performed {
            round,
            position,
            ticks,
            answered,
        };
        self.keep(&step, run, outcome);
        Ok(())
    }

    /// Whether a task of round 0 is one that later rounds do not have as such: a run with
    /// looks then probes only the limits beside cells.
    fn is_apart(&self, step: &Step) -> bool {
        self.will_look && !matches!(step, Step::Cell(_))
    }

    fn task(&self, step: &Step) -> (Task, Profile) {
        match step {
            Step::Cell(index) => {
                let planned = &self.plan.cells[*index];
                (Task::Cell(planned.cell.clone()), planned.profile)
            }
            Step::Limits(probe) => (probe.task(), self.probe_profile()),
            Step::PageFaults { bytes } => {
                (Task::PageFaults { bytes: *bytes }, self.probe_profile())
            }
        }
    }

    fn surroundings(&self, step: &Step) -> Surroundings {
        match step {
            Step::Cell(index) => {
                let planned = &self.plan.cells[*index];
                Surroundings {
                    folder: planned.uses_files,
                    memory_limit_bytes: planned.memory_limit_bytes,
                }
            }
            Step::Limits(probe) => Surroundings {
                folder: probe.limits.iter().any(|limit| limit.is_of_files()),
                memory_limit_bytes: probe.memory_limit_bytes,
            },
            Step::PageFaults { .. } => Surroundings::default(),
        }
    }

    /// Probes are optimised in both builds; release is taken where there is one.
    fn probe_profile(&self) -> Profile {
        let profiles = self.request.programs.iter().map(|(profile, _)| *profile);
        profiles.max().unwrap_or(Profile::Release)
    }

    /// The role of a cell; probes are of the program itself.
    fn role(&self, step: &Step) -> Role {
        match step {
            Step::Cell(index) => self.plan.cells[*index].role,
            _ => Role::Main,
        }
    }

    /// Only this program is slowed down, not the other revision's.
    fn plant(&self, role: Role) -> Option<&Plant> {
        let plant = self.request.versus.plant.as_ref();
        plant.filter(|_| role != Role::Against)
    }

    fn keep(&mut self, step: &Step, run: Performed, outcome: TaskResult) {
        let Performed {
            round,
            position,
            ticks,
            answered,
        } = run;
        if let TaskResult::Cell(reading) = &outcome {
            self.once += Duration::from_nanos(reading.counting_ns);
        }
        match step {
            Step::Cell(index) => {
                let reading = match outcome {
                    TaskResult::Cell(reading) => Ok(reading),
                    TaskResult::Failed(reason) => Err(reason),
                    TaskResult::Limits(_) => Err("worker replied with limits".to_owned()),
                    TaskResult::Marked(_) => Err("worker replied with marks".to_owned()),
                };
                self.readings.cells[*index].rounds.push(CellRound {
                    round,
                    position,
                    reading,
                    answered,
                    ticks,
                });
            }
            Step::Limits(probe) => self.keep_limits(probe, round, outcome),
            Step::PageFaults { bytes } => {
                let probe = Probe {
                    bytes: *bytes,
                    threads: 1,
                    memory_limit_bytes: None,
                    limits: Vec::new(),
                    block: None,
                };
                self.keep_limits(&probe, round, outcome);
            }
        }
    }

    fn keep_limits(&mut self, probe: &Probe, round: u32, outcome: TaskResult) {
        match outcome {
            TaskResult::Limits(found) => {
                for reading in found {
                    let sample = LimitSample {
                        round,
                        block: probe.block,
                        ns_per_unit: reading.ns_per_unit,
                    };
                    self.readings.add_limit(probe.key(reading.limit), sample);
                }
            }
            TaskResult::Failed(reason) => self.readings.probe_failures.push(reason),
            TaskResult::Cell(_) | TaskResult::Marked(_) => {}
        }
    }

    fn write_log(
        &mut self,
        round: u32,
        position: u32,
        step: &Step,
        task: &Task,
        outcome: &TaskResult,
    ) -> io::Result<()> {
        #[derive(Serialize)]
        struct Line<'a> {
            round: u32,
            position: u32,
            build: Option<(Profile, crate::model::Role)>,
            task: &'a Task,
            outcome: &'a TaskResult,
        }
        let build = match step {
            Step::Cell(index) => {
                let planned = &self.plan.cells[*index];
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
    if let Some(timeout) = request.timeout {
        return timeout;
    }
    let bytes = match task {
        Task::Cell(cell) | Task::Mark { cell, .. } => request.subject.bytes_of(cell),
        Task::Limits { bytes, .. } | Task::PageFaults { bytes } => *bytes,
    };
    Duration::from_secs(30) + Duration::from_nanos(bytes / 5 * 1000)
}
