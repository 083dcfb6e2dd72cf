//! A whole measurement: from a request to the files of a report.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use crate::conductor::{
    Available, Plan, PlanError, Progress, Request, conduct, headlines, shake_hands,
};
use crate::judge::{self, check_machine, judge};
use crate::machine::data_folder::DataFolder;
use crate::machine::interrupt::Interrupt;
use crate::machine::lock::MachineLock;
use crate::machine::{kernel, memory_group};
use crate::model::{Build, ClaimRow, Host, NotComparable, Report, RunInfo, SCHEMA, Volume};
use crate::report::{self};
use crate::soak;

/// Why a measurement came to nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// Nothing can be measured.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The output folder cannot be made or written.
    #[error("cannot write {}", path.display())]
    Output {
        /// The folder, or the file in it.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The folder for data files cannot be looked at, made or written.
    #[error("cannot use {} for data files", path.display())]
    Data {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The lock that keeps measurements apart.
    #[error("cannot lock {}", path.display())]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A worker program could not be started.
    #[error("cannot start a worker")]
    Conduct(#[source] io::Error),
    /// What the run should be held against cannot be compared with it.
    #[error("{name} cannot be compared with")]
    NotComparable {
        /// What the user called it.
        name: String,
        /// Why.
        source: NotComparable,
    },
    /// The user stopped before anything was measured.
    #[error("interrupted before anything was measured")]
    Interrupted,
}

/// Measures what `request` asks for and leaves `report.json`, `samples.csv`,
/// `report.md`, `report.html` and `results.jsonl` in `out`.
///
/// The folder is tried before anything is measured, and so is `request.dir`, if
/// a cell needs it. Of data files nothing is left, however the run ends, short of
/// a kill; then the next run in the same folder removes it. After an interrupt
/// the report holds what was measured until then.
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

/// The same, and holds what was said of the work against the report: `audit`
/// sees it without claims. Leaves `claims.md` besides, if there are any.
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
    let plan = Plan::new(request, &available(request, volume.as_ref()))?;
    let host = Host::describe();
    check_baseline(request, &host, &build, volume.as_ref())?;
    try_output(out)?;
    let lock = MachineLock::acquire(&request.lock, interrupt, || progress.waits());
    let lock = lock.map_err(|source| SessionError::Lock {
        path: request.lock.clone(),
        source,
    })?;
    let Some(_lock) = lock else {
        return Err(SessionError::Interrupted);
    };
    check_against(request, interrupt)?;
    let data = volume.is_some().then(|| DataFolder::make(&request.dir));
    let data = data.transpose().map_err(cannot_use(request))?;
    let mut log = begin_output(out)?;
    let (started, start) = (SystemTime::now(), Instant::now());
    let record = conduct(
        request,
        &plan,
        data.as_ref(),
        &mut log,
        interrupt,
        &mut progress,
    )
    .map_err(SessionError::Conduct)?;
    drop(data);
    let judgement = judge(&record, request.subject);
    let mut report = Report {
        schema: SCHEMA.to_owned(),
        run: RunInfo {
            started: iso_utc(started),
            command: command_line(),
            seed: request.seed,
            rounds: record.rounds,
            items: request.subject.items.to_owned(),
            item_bytes: Some(request.subject.item_bytes),
            plant: request.versus.plant.clone(),
            interrupted: record.interrupted,
            stopped_by: record.stopped_by,
            elapsed_s: start.elapsed().as_secs_f64(),
            probe_failures: record.probe_failures,
        },
        host,
        build,
        data: volume,
        limits: judgement.limits,
        headlines: headlines(request, &plan),
        cells: judgement.cells,
        comparisons: judgement.comparisons,
        not_compared: judgement.not_compared,
        scaling: judgement.scaling,
        soak: None,
        reference: None,
        gate: None,
        claims: Vec::new(),
    };
    judge::hold(&mut report, &request.versus);
    report.claims = audit(&report);
    write_report(&report, out)?;
    Ok(report)
}

/// The words that this process was started with.
pub(crate) fn command_line() -> Vec<String> {
    std::env::args_os()
        .map(|argument| argument.to_string_lossy().into_owned())
        .collect()
}

/// Where data files will lie, if there will be any.
fn volume(request: &Request) -> Result<Option<Volume>, SessionError> {
    let needed = request.needs_folder();
    let volume = needed.then(|| Volume::of(&request.dir)).transpose();
    volume.map_err(cannot_use(request))
}

fn cannot_use(request: &Request) -> impl FnOnce(io::Error) -> SessionError {
    let path = request.dir.clone();
    |source| SessionError::Data { path, source }
}

/// A system that does not say what it has is taken at its word.
fn available(request: &Request, volume: Option<&Volume>) -> Available {
    let least = request.least_memory_limit_bytes();
    Available {
        memory_bytes: kernel::available_bytes().unwrap_or(u64::MAX),
        disk_bytes: volume.map_or(u64::MAX, |volume| volume.free_bytes),
        confinement: least.map_or(Ok(()), memory_group::try_one),
    }
}

/// What can be known of a baseline before anything is measured.
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

/// Whether the other revision's program is a worker of this protocol.
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

const LOG: &str = "results.jsonl";
const JSON: &str = "report.json";
const SAMPLES: &str = "samples.csv";
const MARKDOWN: &str = "report.md";
const HTML: &str = "report.html";
const CLAIMS: &str = "claims.md";

pub(crate) fn cannot_write(path: &Path) -> impl FnOnce(io::Error) -> SessionError {
    let path = path.to_owned();
    |source| SessionError::Output { path, source }
}

/// Makes the folder and writes into it, without touching what is there: another
/// run may still be at work in it.
pub(crate) fn try_output(out: &Path) -> Result<(), SessionError> {
    fs::create_dir_all(out).map_err(cannot_write(out))?;
    let probe = out.join(format!("{LOG}.{}", std::process::id()));
    let written = File::create(&probe).map(drop);
    written
        .and_then(|()| fs::remove_file(&probe))
        .map_err(cannot_write(out))
}

/// Takes away what an earlier run left under the names of this one's files.
pub(crate) fn begin_output(out: &Path) -> Result<File, SessionError> {
    for name in [JSON, SAMPLES, MARKDOWN, HTML, CLAIMS, soak::ROWS] {
        let path = out.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(cannot_write(&path)(error));
            }
            _ => {}
        }
    }
    let log = out.join(LOG);
    File::create(&log).map_err(cannot_write(&log))
}

pub(crate) fn write_report(report: &Report, out: &Path) -> Result<(), SessionError> {
    let json = out.join(JSON);
    report::write_json(report, &json).map_err(cannot_write(&json))?;
    let mut files = vec![
        (SAMPLES, report::samples_csv(report)),
        (MARKDOWN, report::markdown(report)),
        (HTML, report::html(report)),
    ];
    if !report.claims.is_empty() {
        files.push((CLAIMS, report::claims_markdown(report)));
    }
    for (name, text) in files {
        let path = out.join(name);
        report::write_whole(&path, &text).map_err(cannot_write(&path))?;
    }
    Ok(())
}

/// A point in time as `2026-11-24T23:08:25Z`.
#[must_use]
pub fn iso_utc(time: SystemTime) -> String {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    let seconds = since.unwrap_or(Duration::ZERO).as_secs();
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil_from_days(days as i64);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Days since 1970 as a date of the Gregorian calendar: years are counted from
/// March, so that the leap day is the last one.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    const DAYS_OF_400_YEARS: i64 = 146_097;
    let days = days + 719_468;
    let era = days.div_euclid(DAYS_OF_400_YEARS);
    let of_era = days.rem_euclid(DAYS_OF_400_YEARS);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_in_time_are_those_of_the_calendar() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (1_795_561_705, "2026-11-24T23:08:25Z"),
        ] {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(iso_utc(time), expected);
        }
    }
}
