//! A whole measurement: from a request to the files of a report.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use crate::conductor::{Plan, PlanError, Request, conduct};
use crate::host::Host;
use crate::interrupt::Interrupt;
use crate::judge::judge;
use crate::kernel;
use crate::lock::MachineLock;
use crate::progress::Progress;
use crate::report::{self, Build, Report, RunInfo, SCHEMA};

/// Why a measurement came to nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// Nothing can be measured.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The output folder cannot be made or written.
    #[error("output folder {}: {source}", path.display())]
    Output {
        /// The folder, or the file in it.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The machine does not say what memory it has.
    #[error("available memory: {0}")]
    Memory(io::Error),
    /// The lock that keeps measurements apart.
    #[error("measurement lock: {0}")]
    Lock(io::Error),
    /// A worker program could not be started.
    #[error("measuring: {0}")]
    Conduct(io::Error),
    /// The user stopped before anything was measured.
    #[error("interrupted before anything was measured")]
    Interrupted,
}

/// Measures what `request` asks for and leaves `report.json`, `report.md` and
/// `results.jsonl` in `out`.
///
/// The folder is tried before anything is measured. After an interrupt the
/// report holds what was measured until then.
///
/// # Errors
/// [`SessionError`]; nothing half-written is left under a report's name.
pub fn measure(
    request: &Request,
    build: Build,
    out: &Path,
    interrupt: &Interrupt,
    mut progress: Progress,
) -> Result<Report, SessionError> {
    let available = kernel::available_bytes().map_err(SessionError::Memory)?;
    let plan = Plan::new(request, available)?;
    let mut log = open_output(out)?;
    let lock = MachineLock::acquire(interrupt, || {
        eprintln!("waiting for another measurement on this machine to end");
    });
    let Some(_lock) = lock.map_err(SessionError::Lock)? else {
        return Err(SessionError::Interrupted);
    };
    let host = Host::describe();
    let (started, start) = (SystemTime::now(), Instant::now());
    let record = conduct(request, &plan, &mut log, interrupt, &mut progress)
        .map_err(SessionError::Conduct)?;
    let judgement = judge(&record, request.subject);
    let report = Report {
        schema: SCHEMA.to_owned(),
        run: RunInfo {
            started: iso_utc(started),
            command: std::env::args().collect(),
            seed: request.seed,
            rounds: record.rounds,
            items: request.subject.items.to_owned(),
            interrupted: record.interrupted,
            elapsed_s: start.elapsed().as_secs_f64(),
            probe_failures: record.probe_failures,
        },
        host,
        build,
        limits: judgement.limits,
        cells: judgement.cells,
        comparisons: judgement.comparisons,
    };
    write_report(&report, out)?;
    Ok(report)
}

fn open_output(out: &Path) -> Result<File, SessionError> {
    let output = |path: &Path| {
        let path = path.to_owned();
        |source| SessionError::Output { path, source }
    };
    fs::create_dir_all(out).map_err(output(out))?;
    let log = out.join("results.jsonl");
    File::create(&log).map_err(output(&log))
}

fn write_report(report: &Report, out: &Path) -> Result<(), SessionError> {
    let output = |path: PathBuf| |source| SessionError::Output { path, source };
    let json = out.join("report.json");
    report::write_json(report, &json).map_err(output(json))?;
    let markdown = out.join("report.md");
    report::write_whole(&markdown, &report::markdown(report)).map_err(output(markdown))
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
