//! `ng-stress run`: from arguments to a measured report.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use ng_lab::model::{Build, CountOutcome, InstructionsReport, Outcome, ReferenceReport, Report};
use ng_lab::report::{terminal, terminal_glance};
use ng_lab::{
    Interrupt, MachineLock, Profile, Progress, Request, Rounds, Scenario, SessionError, Versus,
    iso_utc,
};
use ng_stress::claims::{SEED_TOKENS, audit};
use ng_stress::scenarios;
use ng_stress::{DEV_OVERRIDES, SUBJECT};

use crate::cli::args::RunArgs;
use crate::cli::kept::{self, target_folder};
use crate::cli::versus::versus;
use crate::cli::{exit, say};

/// The rounds of the default run, which takes less than a minute: the rest is for the
/// report and for a round that lasts longer than the first.
const DEFAULT_BUDGET: Duration = Duration::from_secs(50);
const QUICK_BUDGET: Duration = Duration::from_secs(12);
/// The budget for undecided phases, and the most rounds, since fast cells would have
/// thousands.
const GATE_BUDGET: Duration = Duration::from_secs(180);
const GATE_ROUNDS: u32 = 200;
/// A gate needs eight samples of each side.
const MIN_GATE_ROUNDS: u32 = 8;
/// Fewer rounds than an interval needs are better than an hour of them.
const PATIENCE: Duration = Duration::from_secs(600);

pub(super) fn run(args: &RunArgs) -> Result<ExitCode> {
    let versus = versus(args)?;
    if args.check {
        return Ok(ExitCode::SUCCESS);
    }
    let shown = shown(args.details);
    measure(args, &request(args, versus)?, SEED_TOKENS, shown)
}

/// The summary, or with details everything that a terminal is shown.
pub(super) fn shown(details: bool) -> fn(&Report) -> String {
    if details { terminal } else { terminal_glance }
}

/// Measures, judges the seed's statements over `tokens`, and prints what `shown` makes
/// of the report.
pub(super) fn measure(
    args: &RunArgs,
    request: &Request,
    tokens: u64,
    shown: impl FnOnce(&Report) -> String,
) -> Result<ExitCode> {
    let (out, latest) = output(args.out.as_deref())?;
    let interrupt = Interrupt::on_signals().context("signal handler")?;
    let progress = Progress::on_stderr();
    // Nothing can be told from times that were made longer on purpose.
    let claims = |report: &Report| match report.run.plant {
        None if !report.is_counts_alone() => audit(report, tokens),
        _ => Vec::new(),
    };
    let measured =
        ng_lab::measure_with_claims(request, build(), &out, &interrupt, progress, claims);
    finish(measured, &out, latest, &request.dir, |report| {
        say::out(&shown(report))?;
        if let Some(name) = &args.save_baseline {
            kept::save(name, report)?;
        }
        summarise(report);
        Ok(())
    })
}

/// Ends a session: points the link to its folder, and shows the report with `show`.
pub(super) fn finish(
    session: Result<Report, SessionError>,
    out: &Path,
    latest: Option<PathBuf>,
    dir: &Path,
    show: impl FnOnce(&Report) -> Result<()>,
) -> Result<ExitCode> {
    let report = match session {
        Err(error @ SessionError::Interrupted) => {
            say::err(&error.to_string());
            return Ok(exit::interrupted());
        }
        Err(error @ SessionError::Output { .. }) => {
            return Err(error).context(unusable("--out", out));
        }
        Err(error @ SessionError::Data { .. }) => {
            return Err(error).context(unusable("--dir", dir));
        }
        report => report?,
    };
    if let Some(latest) = latest {
        point(&latest, out);
    }
    say::err(&format!("report: {}", out.join("report.html").display()));
    if report.run.interrupted {
        say::err("interrupted: the report holds what was measured until then");
    }
    if let Some(reason) = &report.run.stopped_by {
        say::err(&format!(
            "ended early: {reason}; the report holds what was measured"
        ));
    }
    show(&report)?;
    Ok(exit::of_report(&report))
}

pub(super) fn unusable(option: &str, folder: &Path) -> String {
    let what = "expected a folder that can be made and written";
    format!("{option} {}: {what}", folder.display())
}

/// Prints what decides the exit code last, where it is read.
fn summarise(report: &Report) {
    if let Some(plant) = &report.run.plant {
        say::err(&plant.warning());
    }
    let reason = |reference: &ReferenceReport| reference.not_comparable.clone();
    if let Some(reason) = report.reference.as_ref().and_then(reason) {
        say::err(&format!("not comparable: {reason}"));
    }
    if let Some(gate) = &report.gate {
        say::err(&format!("gate {} %: {}", gate.percent, gate.summary()));
    }
    let outcomes = report.gate.iter().flat_map(|gate| &gate.outcomes);
    for found in outcomes.filter(|found| found.outcome == Outcome::Regressed) {
        let slower = found.time_ratio.map_or(0.0, |ratio| (ratio - 1.0) * 100.0);
        say::err(&format!("regressed: {} by {slower:.1} %", found.key));
    }
    report.instructions.iter().for_each(summarise_counts);
}

fn summarise_counts(counts: &InstructionsReport) {
    if let Some(reason) = &counts.not_comparable {
        return say::err(&format!("instructions not comparable: {reason}"));
    }
    let (percent, summary) = (counts.percent, counts.summary());
    say::err(&format!("instructions gate {percent} %: {summary}"));
    for found in &counts.outcomes {
        let (key, name) = (&found.key, found.outcome.name());
        match (found.outcome, found.ratio, &found.reason) {
            (CountOutcome::More, Some(ratio), _) => {
                let more = (ratio - 1.0) * 100.0;
                say::err(&format!("more instructions: {key} by {more:.2} %"));
            }
            (CountOutcome::Failed | CountOutcome::Invalid, _, Some(reason)) => {
                say::err(&format!("{name}: {key}: {reason}"));
            }
            _ => {}
        }
    }
}

pub(super) fn request(args: &RunArgs, versus: Versus) -> Result<Request> {
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
        versus,
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

/// The worker of each build: this program for its own, and the program where Cargo puts
/// it for the other.
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

fn rounds(args: &RunArgs) -> Rounds {
    let within = |budget, at_least, at_most| Rounds::Within {
        budget,
        at_least,
        patience: PATIENCE,
        at_most,
    };
    match (args.rounds, args.time) {
        (Some(rounds), _) => Rounds::Exactly(rounds),
        (_, Some(time)) => within(time, 1, 1000),
        _ if args.quick => within(QUICK_BUDGET, 1, 2),
        _ if args.full => Rounds::Exactly(20),
        _ if args.gate.is_some() && args.against.is_some() => {
            let budget = args.gate_budget.unwrap_or(GATE_BUDGET);
            within(budget, MIN_GATE_ROUNDS, GATE_ROUNDS)
        }
        _ if args.save_baseline.is_some() => within(DEFAULT_BUDGET, MIN_GATE_ROUNDS, 12),
        _ => within(DEFAULT_BUDGET, 6, 12),
    }
}

/// A seed of 53 bits, which JSON readers with only doubles can represent.
pub(super) fn clock_seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(1, |since| since.as_nanos() as u64) & ((1 << 53) - 1)
}

/// The folder for data files: by default beside the kept results, since a temporary
/// folder may be in memory.
pub(super) fn dir(dir: Option<&Path>) -> Result<PathBuf> {
    match dir {
        Some(dir) => Ok(dir.to_owned()),
        None => Ok(kept::folder()?.join("data")),
    }
}

/// The folder of this run, and the link to point to it.
pub(super) fn output(out: Option<&Path>) -> Result<(PathBuf, Option<PathBuf>)> {
    if let Some(out) = out {
        return Ok((out.to_owned(), None));
    }
    let all = kept::folder()?;
    let started = iso_utc(SystemTime::now());
    let name = kept::run_name(&started, std::process::id(), &commit());
    Ok((all.join(name), Some(all.join("latest"))))
}

/// Points the link to the run, if the file system has links.
fn point(latest: &Path, out: &Path) {
    let _ = fs::remove_file(latest);
    #[cfg(unix)]
    if let Some(name) = out.file_name() {
        let _ = std::os::unix::fs::symlink(name, latest);
    }
}

/// The measured commit, given by the builder; empty if unknown.
fn commit() -> String {
    env::var("NG_STRESS_COMMIT").unwrap_or_default()
}

pub(super) fn build() -> Build {
    Build {
        rustc: env!("NG_STRESS_RUSTC").to_owned(),
        commit: commit(),
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
