//! A whole soak: from a request to the files of a report.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

use crate::conductor::Subject;
use crate::machine::data_folder::DataFolder;
use crate::machine::interrupt::Interrupt;
use crate::model::{Build, Host, Report, RunInfo, SoakReport, Volume};
use crate::session::date::iso_utc;
use crate::session::error::SessionError;
use crate::session::measure::{cannot_use, command_line, lock};
use crate::session::output::{begin_output, cannot_write, try_output, write_report};
use crate::soak::conduct::{ConductError, Keeper, conduct};
use crate::soak::csv::Csv;
use crate::soak::progress::SoakProgress;
use crate::soak::{ROWS, SoakPlan, slopes};

/// A request for a soak.
#[derive(Clone, Debug)]
pub struct SoakRequest {
    /// What the items are.
    pub subject: Subject,
    /// The worker.
    pub program: PathBuf,
    /// How to run it.
    pub plan: SoakPlan,
    /// What the worker works on, in its own word.
    pub on: String,
    /// The most items that a file may have.
    pub most_items: u64,
    /// Why that is less than requested, if it is.
    pub less_because: Option<String>,
    /// The lock that keeps measurements apart.
    pub lock: PathBuf,
    /// Where the folder for data files is made.
    pub dir: PathBuf,
}

/// Runs a soak and writes a report's files, `results.jsonl` (the worker's output) and
/// `soak.csv` (its rows) to `out`. The last two are written as it goes and survive a
/// crash of this process. Data files are removed.
///
/// After an interrupt the report holds what was measured until then.
///
/// # Errors
/// [`SessionError`]; nothing half-written is left under a report's name.
pub fn run_soak(
    request: &SoakRequest,
    build: Build,
    out: &Path,
    interrupt: &Interrupt,
) -> Result<Report, SessionError> {
    let volume = Volume::of(&request.dir).map_err(cannot_use(&request.dir))?;
    try_output(out)?;
    let progress = SoakProgress::on_stderr(request.plan.time);
    let _lock = lock(&request.lock, interrupt, || {
        progress.say("waiting for another measurement on this machine to end");
    })?;
    let data = DataFolder::make(&request.dir).map_err(cannot_use(&request.dir))?;
    let log = begin_output(out)?;
    let rows = out.join(ROWS);
    let csv = File::create(&rows).map_err(cannot_write(&rows))?;
    let mut keeper = Keeper {
        log,
        csv: Csv::new(csv, request.subject.items),
        progress,
    };
    let host = Host::describe();
    let (started, start) = (SystemTime::now(), Instant::now());
    let folder = data.worker_folder().map_err(cannot_use(&request.dir))?;
    let (plan, less) = (&request.plan, request.less_because.clone());
    let mut soak = SoakReport::of(plan, &request.on, request.most_items, less);
    let conducted = conduct(
        &request.program,
        plan,
        folder.path(),
        &mut keeper,
        &mut soak,
        interrupt,
    );
    keeper.progress.end();
    drop(folder);
    drop(data);
    let interrupted = conducted.map_err(|error| match error {
        ConductError::Worker(source) => SessionError::Conduct(source),
        ConductError::Record(source) => cannot_write(out)(source),
    })?;
    soak.slopes = slopes(&soak.rows);
    let run = RunInfo {
        started: iso_utc(started),
        command: command_line(),
        seed: plan.seed,
        items: request.subject.items.to_owned(),
        item_bytes: Some(request.subject.item_bytes),
        interrupted,
        stopped_by: soak.failed.as_ref().map(|why| format!("soak: {why}")),
        elapsed_s: start.elapsed().as_secs_f64(),
        ..RunInfo::default()
    };
    let report = Report {
        data: Some(volume),
        soak: Some(soak),
        ..Report::new(run, host, build)
    };
    write_report(&report, out)?;
    Ok(report)
}
