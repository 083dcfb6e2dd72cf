//! `ng-stress run`: from arguments to a measured report.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use ng_lab::judge::Verdict;
use ng_lab::report::{Build, Report, terminal};
use ng_lab::{
    Interrupt, MachineLock, Profile, Progress, Request, Rounds, Scenario, SessionError, iso_utc,
};
use ng_stress::scenarios;
use ng_stress::{DEV_OVERRIDES, SUBJECT};

use crate::cli::args::RunArgs;
use crate::cli::say;

/// Exit codes beside success and failure.
const EXIT_INVALID: u8 = 5;
const EXIT_INTERRUPTED: u8 = 130;

/// The default run takes less than a minute: so much for the rounds, the rest
/// for the report and for a round that lasts longer than the first.
const DEFAULT_BUDGET: Duration = Duration::from_secs(50);
const QUICK_BUDGET: Duration = Duration::from_secs(12);

pub(super) fn run(args: &RunArgs) -> Result<ExitCode> {
    if args.check {
        return Ok(ExitCode::SUCCESS);
    }
    let request = request(args)?;
    let (out, latest) = output(args.out.as_deref())?;
    let interrupt = Interrupt::on_signals().context("signal handler")?;
    let progress = Progress::on_stderr();
    let report = match ng_lab::measure(&request, build(), &out, &interrupt, progress) {
        Err(error @ SessionError::Interrupted) => {
            say::err(&error.to_string());
            return Ok(interrupted());
        }
        Err(error @ SessionError::Output { .. }) => {
            return Err(error).context(unusable("--out", &out));
        }
        Err(error @ SessionError::Data { .. }) => {
            return Err(error).context(unusable("--dir", &request.dir));
        }
        report => report?,
    };
    if let Some(latest) = latest {
        point(&latest, &out);
    }
    say::err(&format!("report: {}", out.join("report.md").display()));
    if report.run.interrupted {
        say::err("interrupted: the report holds what was measured until then");
    }
    if let Some(reason) = &report.run.stopped_by {
        say::err(&format!(
            "ended early: {reason}; the report holds what was measured"
        ));
    }
    say::out(&terminal(&report))?;
    Ok(exit_code(&report))
}

pub(super) fn unusable(option: &str, folder: &Path) -> String {
    let what = "expected a folder that can be made and written";
    format!("{option} {}: {what}", folder.display())
}

fn request(args: &RunArgs) -> Result<Request> {
    let mut sizes = args.tokens.clone();
    sizes.sort_unstable();
    sizes.dedup();
    Ok(Request {
        subject: SUBJECT,
        scenarios: scenarios(&args.scenarios),
        sizes,
        threads: threads(args),
        programs: programs(args)?,
        rounds: rounds(args),
        seed: args.seed.unwrap_or_else(clock_seed),
        timeout: None,
        lock: MachineLock::default_path(),
        dir: dir(args.dir.as_deref())?,
    })
}

fn scenarios(names: &[String]) -> Vec<&'static dyn Scenario> {
    if names.is_empty() {
        return scenarios::defaults().to_vec();
    }
    let mut found: Vec<&'static dyn Scenario> = Vec::new();
    for name in names {
        let new = found.iter().all(|scenario| scenario.name() != name);
        found.extend(scenarios::find(name).filter(|_| new));
    }
    found
}

fn threads(args: &RunArgs) -> Vec<usize> {
    let mut threads: Vec<usize> = args.threads.iter().map(|threads| threads.get()).collect();
    if threads.is_empty() {
        let all = std::thread::available_parallelism().map_or(1, usize::from);
        threads.extend(std::iter::successors(Some(1), |n| Some(n * 2)).take_while(|n| *n < all));
        threads.push(all);
    }
    threads.sort_unstable();
    threads.dedup();
    threads
}

/// This program is the worker of its own build; the other build lies beside it,
/// where Cargo puts it.
fn programs(args: &RunArgs) -> Result<Vec<(Profile, PathBuf)>> {
    let this = env::current_exe().context("path of this program")?;
    let mut profiles: Vec<Profile> = args.profiles.iter().map(|arg| (*arg).into()).collect();
    profiles.sort_unstable();
    profiles.dedup();
    profiles
        .into_iter()
        .map(|profile| Ok((profile, program(args, &this, profile)?)))
        .collect()
}

fn program(args: &RunArgs, this: &Path, profile: Profile) -> Result<PathBuf> {
    let name = this.file_name().unwrap_or_default();
    let folder = match profile {
        Profile::Dev => "debug",
        Profile::Release => "release",
    };
    let path = match &args.dev_program {
        _ if profile == Profile::of_this_build() => this.to_owned(),
        Some(path) if profile == Profile::Dev => path.clone(),
        _ => target_folder(this).join(folder).join(name),
    };
    if !path.is_file() {
        bail!(
            "no {} build of this program at {}: build it, run `cargo xtask stress`, or give \
             `--profiles {}`",
            profile.name(),
            path.display(),
            Profile::of_this_build().name()
        );
    }
    Ok(path)
}

/// `target`, of `target/release/ng-stress`; the current folder for a program
/// that was installed elsewhere.
fn target_folder(this: &Path) -> PathBuf {
    let profile = this.parent().filter(|folder| {
        let name = folder.file_name().unwrap_or_default();
        name == "debug" || name == "release"
    });
    let target = profile.and_then(Path::parent);
    target.unwrap_or(Path::new(".")).to_owned()
}

fn rounds(args: &RunArgs) -> Rounds {
    let within = |budget, at_least, at_most| Rounds::Within {
        budget,
        at_least,
        at_most,
    };
    match (args.rounds, args.time) {
        (Some(rounds), _) => Rounds::Exactly(rounds),
        (_, Some(time)) => within(time, 1, 1000),
        _ if args.quick => within(QUICK_BUDGET, 1, 2),
        _ if args.full => Rounds::Exactly(20),
        _ => within(DEFAULT_BUDGET, 6, 12),
    }
}

/// Of 53 bits, so that readers of JSON who know only doubles can repeat it.
pub(super) fn clock_seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(1, |since| since.as_nanos() as u64) & ((1 << 53) - 1)
}

/// Beside the results, wherever those of this run go: a temporary folder may be
/// in memory.
pub(super) fn dir(dir: Option<&Path>) -> Result<PathBuf> {
    match dir {
        Some(dir) => Ok(dir.to_owned()),
        None => Ok(results()?.join("data")),
    }
}

/// The folder that the runs have theirs in.
fn results() -> Result<PathBuf> {
    let this = env::current_exe().context("path of this program")?;
    Ok(target_folder(&this).join("ng-stress"))
}

/// The folder of this run, and the link that shall point to it.
pub(super) fn output(out: Option<&Path>) -> Result<(PathBuf, Option<PathBuf>)> {
    if let Some(out) = out {
        return Ok((out.to_owned(), None));
    }
    let all = results()?;
    // Colons are no good in file names.
    let name = iso_utc(SystemTime::now()).replace(':', "");
    let name = format!("{name}-{}", std::process::id());
    Ok((all.join(name), Some(all.join("latest"))))
}

/// The link is a convenience: a file system without links does without.
pub(super) fn point(latest: &Path, out: &Path) {
    let _ = fs::remove_file(latest);
    #[cfg(unix)]
    if let Some(name) = out.file_name() {
        let _ = std::os::unix::fs::symlink(name, latest);
    }
}

pub(super) fn build() -> Build {
    Build {
        rustc: env!("NG_STRESS_RUSTC").to_owned(),
        commit: env::var("NG_STRESS_COMMIT").unwrap_or_default(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        target: env!("NG_STRESS_TARGET").to_owned(),
        overrides: DEV_OVERRIDES.map(str::to_owned).to_vec(),
        notes: vec![
            "dev leaves rayon, bytemuck and the standard library's generic code unoptimised \
             with ours; the standard library's own compiled code is optimised in both builds"
                .to_owned(),
        ],
    }
}

pub(super) fn interrupted() -> ExitCode {
    ExitCode::from(EXIT_INTERRUPTED)
}

pub(super) fn exit_code(report: &Report) -> ExitCode {
    let any = |verdict| report.cells.iter().any(|cell| cell.verdict == verdict);
    if report.run.interrupted {
        interrupted()
    } else if report.run.stopped_by.is_some() || any(Verdict::Failed) {
        ExitCode::FAILURE
    } else if any(Verdict::Invalid) {
        ExitCode::from(EXIT_INVALID)
    } else {
        ExitCode::SUCCESS
    }
}
