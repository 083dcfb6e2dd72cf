//! A whole measurement: from a request to the files of a report.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::{Instant, SystemTime};

use crate::conductor::{
    Available, Counts, Plan, PlanError, Progress, Readings, Request, conduct, count, headlines,
    plan_counts, shake_hands,
};
use crate::judge::{self, check_machine, judge, judge_counts};
use crate::machine::data_folder::DataFolder;
use crate::machine::interrupt::Interrupt;
use crate::machine::lock::MachineLock;
use crate::machine::{kernel, memory_group};
use crate::model::{
    Build, ClaimRow, Host, InstructionsReport, NotComparable, Report, RunInfo, Volume,
};
use crate::session::date::iso_utc;
use crate::session::error::SessionError;
use crate::session::output::{begin_output, try_output, write_report};

/// Measures what `request` asks for and writes `report.json`, `samples.csv`,
/// `report.md`, `report.html` and `results.jsonl` to `out`.
///
/// The folder is tried before anything is measured, and so is `request.dir`, if a cell
/// needs it. Data files are removed however the run ends; after a kill, the next run in
/// the same folder removes them. After an interrupt the report holds what was measured
/// until then.
///
/// # Errors
/// [`SessionError`]; nothing half-written is left under a report's name.
pub fn measure(
    request: &Request,
    build: Build,
    out: &Path,
    interrupt: &Interrupt,
    progress: Progress,
) -> Result<Report, SessionError> {
    measure_with_claims(request, build, out, interrupt, progress, |_| Vec::new())
}

/// The same, and adds the claims that `audit` derives from the report; also writes
/// `claims.md`, if there are any.
///
/// # Errors
/// As [`measure`].
pub fn measure_with_claims(
    request: &Request,
    build: Build,
    out: &Path,
    interrupt: &Interrupt,
    mut progress: Progress,
    audit: impl FnOnce(&Report) -> Vec<ClaimRow>,
) -> Result<Report, SessionError> {
    let volume = volume(request)?;
    let plans = Plans::new(request, &available(request, volume.as_ref()))?;
    let host = Host::describe();
    check_baseline(request, &host, &build, volume.as_ref())?;
    try_output(out)?;
    let _lock = lock(&request.lock, interrupt, || progress.waits())?;
    check_against(request, interrupt)?;
    let needs_folder = volume.is_some() || plans.counts.is_some();
    let data = needs_folder.then(|| DataFolder::make(&request.dir));
    let data = data.transpose().map_err(cannot_use(&request.dir))?;
    let mut log = begin_output(out)?;
    let (started, start) = (SystemTime::now(), Instant::now());
    let mut at = At {
        request,
        data: data.as_ref(),
        log: &mut log,
        interrupt,
        progress: &mut progress,
    };
    let seen = at.both(&plans).map_err(SessionError::Conduct)?;
    drop(data);
    let Seen { counts, readings } = seen;
    let judgement = judge(&readings, request.subject);
    let run = RunInfo {
        started: iso_utc(started),
        command: command_line(),
        seed: request.seed,
        rounds: readings.rounds,
        looks: readings.looks,
        budget_s: request.rounds.budget().map(|budget| budget.as_secs_f64()),
        items: request.subject.items.to_owned(),
        item_bytes: Some(request.subject.item_bytes),
        plant: request.versus.plant.clone(),
        interrupted: readings.interrupted,
        stopped_by: readings.stopped_by,
        elapsed_s: start.elapsed().as_secs_f64(),
        probe_failures: readings.probe_failures,
    };
    let mut report = Report {
        data: volume,
        limits: judgement.limits,
        headlines: plans
            .timed
            .map_or(Vec::new(), |plan| headlines(request, &plan)),
        cells: judgement.cells,
        comparisons: judgement.comparisons,
        not_compared: judgement.not_compared,
        scaling: judgement.scaling,
        ..Report::new(run, host, build)
    };
    if let (Some(counts), Some(gate)) = (counts, &request.versus.instructions) {
        let items = request.subject.items;
        report.instructions = Some(InstructionsReport {
            alone: gate.alone,
            ..judge_counts(&counts, gate.percent, items)
        });
    }
    judge::hold(&mut report, &request.versus);
    report.claims = audit(&report);
    write_report(&report, out)?;
    Ok(report)
}

/// The plans for counting and for timing.
struct Plans {
    counts: Option<Plan>,
    timed: Option<Plan>,
}

impl Plans {
    fn new(request: &Request, available: &Available) -> Result<Self, PlanError> {
        let versus = &request.versus;
        let counts = versus.instructions.is_some();
        let counts = counts
            .then(|| plan_counts(request, available))
            .transpose()?;
        let timed = !versus.counts_alone();
        let timed = timed.then(|| Plan::new(request, available)).transpose()?;
        Ok(Self { counts, timed })
    }
}

/// The counts and the timed readings.
struct Seen {
    counts: Option<Counts>,
    readings: Readings,
}

/// The surroundings of a measurement.
struct At<'a> {
    request: &'a Request,
    data: Option<&'a DataFolder>,
    log: &'a mut File,
    interrupt: &'a Interrupt,
    progress: &'a mut Progress,
}

impl At<'_> {
    /// Counts, then times: counting takes less time, and does not depend on the machine's load.
    fn both(&mut self, plans: &Plans) -> io::Result<Seen> {
        let counts = match (&plans.counts, self.data) {
            (Some(plan), Some(data)) => self.count(plan, data)?,
            _ => None,
        };
        let ended = counts.as_ref().filter(|counts| counts.ended_early());
        let readings = match (ended, &plans.timed) {
            (None, Some(plan)) => self.time(plan)?,
            (ended, _) => Readings {
                interrupted: ended.is_some_and(|counts| counts.interrupted),
                stopped_by: ended.and_then(|counts| counts.stopped_by.clone()),
                ..Readings::default()
            },
        };
        Ok(Seen { counts, readings })
    }

    fn count(&mut self, plan: &Plan, data: &DataFolder) -> io::Result<Option<Counts>> {
        let gate = self.request.versus.instructions.as_ref();
        let counted = gate.map(|gate| {
            let (log, progress) = (&mut *self.log, &mut *self.progress);
            count(
                self.request,
                gate,
                plan,
                data,
                log,
                self.interrupt,
                progress,
            )
        });
        counted.transpose()
    }

    fn time(&mut self, plan: &Plan) -> io::Result<Readings> {
        let (log, progress) = (&mut *self.log, &mut *self.progress);
        conduct(self.request, plan, self.data, log, self.interrupt, progress)
    }
}

/// The command line of this process.
pub(crate) fn command_line() -> Vec<String> {
    std::env::args_os()
        .map(|argument| argument.to_string_lossy().into_owned())
        .collect()
}

/// The file system of the data files, if there will be any.
fn volume(request: &Request) -> Result<Option<Volume>, SessionError> {
    let needed = request.needs_folder();
    let volume = needed.then(|| Volume::of(&request.dir)).transpose();
    volume.map_err(cannot_use(&request.dir))
}

pub(super) fn cannot_use(dir: &Path) -> impl FnOnce(io::Error) -> SessionError {
    let path = dir.to_owned();
    |source| SessionError::Data { path, source }
}

/// Waits for the lock that keeps measurements apart; calls `waiting` if it is held.
pub(super) fn lock(
    path: &Path,
    interrupt: &Interrupt,
    waiting: impl FnOnce(),
) -> Result<MachineLock, SessionError> {
    let lock = MachineLock::acquire(path, interrupt, waiting);
    let lock = lock.map_err(|source| SessionError::Lock {
        path: path.to_owned(),
        source,
    })?;
    lock.ok_or(SessionError::Interrupted)
}

/// A system that does not report its resources is assumed to have enough.
fn available(request: &Request, volume: Option<&Volume>) -> Available {
    let least = request.least_memory_limit_bytes();
    Available {
        memory_bytes: kernel::available_bytes().unwrap_or(u64::MAX),
        disk_bytes: volume.map_or(u64::MAX, |volume| volume.free_bytes),
        confinement: least.map_or(Ok(()), memory_group::try_one),
    }
}

/// Checks what can be known of a baseline before anything is measured.
fn check_baseline(
    request: &Request,
    host: &Host,
    build: &Build,
    data: Option<&Volume>,
) -> Result<(), SessionError> {
    let Some(baseline) = request.versus.baseline() else {
        return Ok(());
    };
    check_machine(host, build, data, &baseline.report).map_err(not_comparable(&baseline.name))
}

/// Checks that the other revision's program is a worker of this protocol.
fn check_against(request: &Request, interrupt: &Interrupt) -> Result<(), SessionError> {
    let Some(against) = request.versus.against() else {
        return Ok(());
    };
    let shaken = shake_hands(&against.program, interrupt).map_err(SessionError::Conduct)?;
    shaken.map_err(not_comparable(&against.name))
}

fn not_comparable(name: &str) -> impl FnOnce(NotComparable) -> SessionError {
    let name = name.to_owned();
    |source| SessionError::NotComparable { name, source }
}
