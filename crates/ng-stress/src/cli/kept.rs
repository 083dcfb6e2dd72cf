//! Kept runs and baselines: finding, showing and comparing them.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use ng_lab::judge::compare_reports;
use ng_lab::model::Report;
use ng_lab::report::{markdown, terminal_versus};
use ng_lab::{Baseline, BaselineName, Baselines, Gate, load_report};

use crate::cli::args::{CompareArgs, Format, ReportArgs};
use crate::cli::{exit, run, say};

const REPORT: &str = "report.json";
/// The fewest digits by which a commit is recognised.
const COMMIT_DIGITS: usize = 4;
/// Runs listed when one is not found.
const LISTED_RUNS: usize = 5;

/// `target/ng-stress` beside this program: runs, `latest`, baselines.
pub(super) fn folder() -> Result<PathBuf> {
    let this = env::current_exe().context("path of this program")?;
    Ok(target_folder(&this).join("ng-stress"))
}

/// `target`, of `target/release/ng-stress`; the current folder for a program installed
/// elsewhere.
pub(super) fn target_folder(this: &Path) -> PathBuf {
    let profile = this.parent().filter(|folder| {
        let name = folder.file_name().unwrap_or_default();
        name == "debug" || name == "release"
    });
    let target = profile.and_then(Path::parent);
    target.unwrap_or(Path::new(".")).to_owned()
}

pub(super) fn baselines() -> Result<Baselines> {
    Ok(Baselines::in_folder(folder()?.join("baselines")))
}

/// `ng-stress report`.
pub(super) fn report(args: &ReportArgs) -> Result<ExitCode> {
    let report = load_report(&find(&args.run)?)?;
    say::out(&match args.format {
        Format::Text => run::shown(args.details)(&report),
        Format::Md => markdown(&report),
    })?;
    Ok(ExitCode::SUCCESS)
}

/// `ng-stress compare`.
pub(super) fn compare(args: &CompareArgs) -> Result<ExitCode> {
    let then = Baseline {
        name: args.then.clone(),
        report: Box::new(load_report(&find(&args.then)?)?),
    };
    let mut now = load_report(&find(&args.now)?)?;
    let gate = args.gate.map(|percent| Gate {
        percent,
        adds_rounds: false,
    });
    compare_reports(&mut now, &then, gate)
        .with_context(|| format!("cannot compare {} with {}", args.now, args.then))?;
    say::out(&terminal_versus(&now))?;
    Ok(exit::of_comparison(&now).map_or(ExitCode::SUCCESS, ExitCode::from))
}

/// The report that `name` means: a baseline, a file or a folder, a run by its
/// folder's name, or the last run of a commit.
fn find(name: &str) -> Result<PathBuf> {
    let all = folder()?;
    let baseline = name.parse::<BaselineName>().ok();
    let baseline = baseline.map(|name| Ok::<_, anyhow::Error>(baselines()?.path(&name)));
    let path = PathBuf::from(name);
    let candidates = [
        baseline.transpose()?,
        Some(path.join(REPORT)),
        Some(path),
        Some(all.join(name).join(REPORT)),
        last_of_commit(&all, name),
    ];
    let mut found = candidates.into_iter().flatten();
    if let Some(found) = found.find(|path| path.is_file()) {
        return Ok(found);
    }
    let mut runs = runs(&all);
    let recent = runs.split_off(runs.len().saturating_sub(LISTED_RUNS));
    bail!(
        "{name}: expected a baseline, a commit, a run or its report.json; {}; {}",
        listed("baselines", &baselines()?.names()),
        listed("the last runs", &recent)
    )
}

/// The runs with a report, oldest first: their names begin with the time.
fn runs(all: &Path) -> Vec<String> {
    let entries = fs::read_dir(all).into_iter().flatten().flatten();
    let mut runs: Vec<String> = entries
        .filter(|entry| entry.path().join(REPORT).is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| commit_of(name).is_some())
        .collect();
    runs.sort_unstable();
    runs
}

fn last_of_commit(all: &Path, commit: &str) -> Option<PathBuf> {
    let of_commit = |run: &String| commit_of(run).is_some_and(|found| found.starts_with(commit));
    let mut runs = runs(all);
    runs.retain(of_commit);
    let last = runs.pop().filter(|_| commit.len() >= COMMIT_DIGITS)?;
    Some(all.join(last).join(REPORT))
}

/// The name of a run's folder, `TIME-PROCESS-COMMIT`.
pub(super) fn run_name(started: &str, process: u32, commit: &str) -> String {
    // Colons and some characters of tag names are unsafe in file names.
    let started = started.replace(':', "");
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let commit = commit.replace(|c| !allowed(c), "_");
    format!("{started}-{process}-{commit}")
}

/// The commit in a run's name; empty if unknown.
fn commit_of(run: &str) -> Option<&str> {
    let (_, rest) = run.split_once("Z-")?;
    Some(rest.split_once('-')?.1)
}

/// A list of names for a message, or "none".
pub(super) fn listed(what: &str, names: &[String]) -> String {
    if names.is_empty() {
        format!("{what}: none")
    } else {
        format!("{what}: {}", names.join(", "))
    }
}

/// Saves a finished report as a baseline, unless it is unfit.
pub(super) fn save(name: &BaselineName, report: &Report) -> Result<()> {
    if let Some(reason) = exit::unfit_as_baseline(report) {
        say::err(&format!("baseline {name} is not saved: {reason}"));
        return Ok(());
    }
    let baselines = baselines()?;
    let path = baselines.path(name);
    baselines
        .save(name, report)
        .with_context(|| format!("--save-baseline {name}: {}", path.display()))?;
    say::err(&format!("baseline {name}: {}", path.display()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_named_by_time_process_and_commit() {
        let name = run_name("2026-11-24T23:08:25Z", 42, "abc123-dirty");
        assert_eq!(name, "2026-11-24T230825Z-42-abc123-dirty");
        assert_eq!(commit_of(&name), Some("abc123-dirty"));
        let odd = run_name("2026-11-24T23:08:25Z", 42, "a/../b");
        assert_eq!(commit_of(&odd), Some("a_.._b"));
        assert_eq!(
            commit_of(&run_name("2026-11-24T23:08:25Z", 42, "")),
            Some("")
        );
        for other in ["latest", "baselines", ""] {
            assert_eq!(commit_of(other), None);
        }
    }

    #[test]
    fn a_commit_is_the_last_of_its_runs() {
        let folder = tempfile::TempDir::new().unwrap();
        for run in [
            "2026-11-24T230825Z-42-abcdef12",
            "2026-11-25T230825Z-41-abcdef12",
            "2026-11-26T230825Z-40-99cdef12",
        ] {
            fs::create_dir(folder.path().join(run)).unwrap();
            fs::write(folder.path().join(run).join(REPORT), "").unwrap();
        }
        let found = last_of_commit(folder.path(), "abcd").unwrap();
        assert!(found.ends_with("2026-11-25T230825Z-41-abcdef12/report.json"));
        for none in ["abc", "", "ffff"] {
            assert_eq!(last_of_commit(folder.path(), none), None, "{none}");
        }
    }
}
