//! The command line: parse, do, exit code.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf, absolute};
use std::process::ExitCode;
use std::thread::available_parallelism;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use clap::Parser;
use clap::builder::{OsStringValueParser, TypedValueParser};
use ng_lab::report::write_whole;
use ng_lab::{Host, Interrupt, MachineLock, Profile, count, iso_utc, kernel};

use crate::folder::{Folder, free_bytes};
use crate::plan::{Plan, Room};
use crate::records::MAX_TOKENS;
use crate::report::{Report, RunInfo};
use crate::rounds::conduct;
use crate::say;
use crate::table::table;

pub(crate) const EXIT_INTERRUPTED: u8 = 130;

/// The most threads that are measured: the bars are set for two.
const MOST_THREADS: usize = 2;

/// Compares the stores of NeuroGraph tokens with others on the same tokens
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench --peers", version)]
struct Args {
    /// Number of tokens, such as 1M
    #[arg(long, value_name = "N", value_parser = parse_tokens)]
    #[arg(default_value = "10M", allow_hyphen_values = true)]
    tokens: u64,

    /// Folder for the files that are measured [default: that of --out]
    #[arg(long, value_name = "PATH")]
    #[arg(value_parser = OsStringValueParser::new().try_map(parse_folder))]
    dir: Option<PathBuf>,

    /// Rounds; six or more give intervals, and the slow ones have six at most
    #[arg(
        long,
        value_name = "N",
        default_value = "10",
        allow_hyphen_values = true
    )]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,

    /// Seed of the random orders [default: from the clock]
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    seed: Option<u64>,

    /// File for the figures
    #[arg(
        long,
        value_name = "FILE",
        default_value = "target/ng-bench/peers.json"
    )]
    #[arg(overrides_with = "out")]
    out: PathBuf,
}

pub(crate) fn parse_tokens(text: &str) -> Result<u64, &'static str> {
    count::parse(text)
        .filter(|count| (1..=MAX_TOKENS).contains(count))
        .ok_or("expected a whole number from 1 to 4G, such as 1000, 10k or 10M")
}

pub(crate) fn parse_folder(text: OsString) -> Result<PathBuf, &'static str> {
    let path = PathBuf::from(text);
    match path.as_os_str().is_empty() || path.exists() && !path.is_dir() {
        true => Err("expected a folder, or a name that one can be made under"),
        false => Ok(path),
    }
}

/// Runs the command line and returns its exit code: 0 ok, 1 error, 2 usage (by clap), 130
/// interrupted.
pub(crate) fn run() -> ExitCode {
    measure(&Args::parse()).unwrap_or_else(|error| {
        say::err(&format!("error: {error:#}"));
        ExitCode::FAILURE
    })
}

fn measure(args: &Args) -> Result<ExitCode> {
    let out = absolute(&args.out).context("--out")?;
    let beside = out.parent().unwrap_or(Path::new("/"));
    let dir = absolute(args.dir.as_deref().unwrap_or(beside)).context("--dir")?;
    try_output(&out)?;
    let interrupt = Interrupt::on_signals().context("signal handler")?;
    let Some(_lock) = lock(&interrupt)? else {
        say::err("interrupted before anything was measured");
        return Ok(ExitCode::from(EXIT_INTERRUPTED));
    };
    let folder = Folder::begin(&dir)?;
    let plan = plan(args, &folder)?;
    announce(&plan, &dir);
    let report = report(args, &plan, &folder, &interrupt)?;
    folder.close()?;
    let text = serde_json::to_string_pretty(&report)? + "\n";
    write_whole(&out, &text).with_context(|| cannot_write(&out))?;
    say::out(&table(&report))?;
    say::err(&format!("figures: {}", out.display()));
    Ok(exit_code(&report))
}

/// Creates `out` first, so that no measurement is wasted.
pub(crate) fn try_output(out: &Path) -> Result<()> {
    let probe = out.with_extension(std::process::id().to_string());
    let made = fs::create_dir_all(out.parent().unwrap_or(Path::new("/")))
        .and_then(|()| File::create(&probe))
        .and_then(|_| fs::remove_file(&probe));
    made.with_context(|| cannot_write(out))
}

pub(crate) fn cannot_write(out: &Path) -> String {
    format!(
        "--out {}: expected a file that can be written",
        out.display()
    )
}

pub(crate) fn lock(interrupt: &Interrupt) -> Result<Option<MachineLock>> {
    let path = MachineLock::default_path();
    let waits = || say::err("waiting for another measurement on this machine to end");
    MachineLock::acquire(&path, interrupt, waits)
        .with_context(|| format!("cannot lock {}", path.display()))
}

fn plan(args: &Args, folder: &Folder) -> Result<Plan> {
    let room = Room {
        // A system that does not report its memory is assumed to have enough.
        memory_bytes: kernel::available_bytes().unwrap_or(u64::MAX),
        disk_bytes: free_bytes(folder.path())?,
    };
    let plan = Plan::new(args.tokens, args.rounds, &threads(), room);
    if plan.measured().next().is_none() {
        let mut reasons = plan.cells.iter().filter_map(|cell| cell.skipped.as_deref());
        let reason = reasons.next().unwrap_or_default();
        bail!("--tokens {}: nothing fits: {reason}", args.tokens);
    }
    Ok(plan)
}

fn threads() -> Vec<usize> {
    let there = available_parallelism().map_or(1, NonZeroUsize::get);
    (1..=there.min(MOST_THREADS)).collect()
}

fn announce(plan: &Plan, dir: &Path) {
    say::err(&format!(
        "{} tokens, {} rounds of {} cells: about {} s, and up to {} MiB in {}",
        plan.tokens,
        plan.rounds,
        plan.measured().count(),
        plan.estimate().as_secs(),
        plan.disk_bytes() >> 20,
        dir.display()
    ));
}

fn report(args: &Args, plan: &Plan, folder: &Folder, interrupt: &Interrupt) -> Result<Report> {
    let host = Host::describe();
    let (started, start) = (SystemTime::now(), Instant::now());
    let seed = args.seed.unwrap_or_else(clock_seed);
    let record = conduct(plan, folder, seed, interrupt)?;
    let run = RunInfo {
        started: iso_utc(started),
        command: env::args_os()
            .map(|argument| argument.to_string_lossy().into_owned())
            .collect(),
        profile: Profile::of_this_build().name(),
        tokens: plan.tokens,
        rounds: plan.rounds,
        seed,
        interrupted: record.interrupted,
        elapsed_s: start.elapsed().as_secs_f64(),
    };
    Ok(Report::new(run, host, record))
}

/// Of 53 bits, so that JSON readers that know only doubles can repeat it.
fn clock_seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(1, |since| since.as_nanos() as u64) & ((1 << 53) - 1)
}

fn exit_code(report: &Report) -> ExitCode {
    if report.run.interrupted {
        ExitCode::from(EXIT_INTERRUPTED)
    } else if report.failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory;
        Args::command().debug_assert();
    }
}
