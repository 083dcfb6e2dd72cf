//! The command line: parse, do, exit code.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf, absolute};
use std::process::ExitCode;
use std::time::{Instant, SystemTime};

use anyhow::{Context, Result};
use clap::Parser;
use clap::builder::{OsStringValueParser, TypedValueParser};
use ng_lab::report::write_whole;
use ng_lab::rng::SplitMix64;
use ng_lab::{Host, Interrupt, Profile, iso_utc};

use super::file::{self, Like};
use super::ours::Ours;
use super::python::Python;
use super::question::{QUESTIONS, Question};
use super::report::{Report, RunInfo};
use super::rounds::{Conductor, Record, chosen};
use super::table::table;
use crate::cli::{EXIT_INTERRUPTED, cannot_write, lock, parse_folder, parse_tokens, try_output};
use crate::folder::Folder;
use crate::say;

/// The most threads allowed.
const MOST_THREADS: i64 = 1024;

/// Asks ours and DuckDB, Polars, numpy, scipy, faiss and pyarrow the questions that people ask of
/// tokens, on the same file in the same run
///
/// The peers need Python 3.11 or newer, in NG_PYTHON or as python3, and their packages: numpy,
/// scipy, duckdb, polars, pyarrow, faiss-cpu. Missing ones are left out and reported.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench --peers=queries", version)]
struct Args {
    /// Number of tokens, such as 1M
    #[arg(long, value_name = "N", value_parser = parse_tokens)]
    #[arg(default_value = "10M", allow_hyphen_values = true)]
    tokens: u64,

    /// How the tokens are distributed
    #[arg(long, value_name = "KIND", default_value = "clustered")]
    like: Like,

    /// Seed of the tokens, and of the order within rounds
    #[arg(
        long,
        value_name = "N",
        default_value = "7",
        allow_hyphen_values = true
    )]
    seed: u64,

    /// Threads of ours, and of peers that have threads
    #[arg(
        long,
        value_name = "N",
        default_value = "1",
        allow_hyphen_values = true
    )]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=MOST_THREADS))]
    threads: u32,

    /// Rounds; six or more give intervals, and slow questions have six at most
    #[arg(
        long,
        value_name = "N",
        default_value = "10",
        allow_hyphen_values = true
    )]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,

    /// Questions whose name has one of these words [default: all]
    #[arg(long, value_name = "WORD,...", value_delimiter = ',')]
    only: Vec<String>,

    /// Folder for the files [default: that of --out]
    #[arg(long, value_name = "PATH")]
    #[arg(value_parser = OsStringValueParser::new().try_map(parse_folder))]
    dir: Option<PathBuf>,

    /// File for the figures; the tables go beside it, as .md
    #[arg(
        long,
        value_name = "FILE",
        default_value = "target/ng-bench/queries.json"
    )]
    #[arg(overrides_with = "out")]
    out: PathBuf,
}

/// Runs the command line and returns its exit code: 0 ok, 1 an error, or answers that disagree, 2
/// usage (by clap), 130 interrupted.
pub(crate) fn run(arguments: &[OsString]) -> ExitCode {
    measure(&Args::parse_from(arguments)).unwrap_or_else(|error| {
        say::err(&format!("error: {error:#}"));
        ExitCode::FAILURE
    })
}

fn measure(args: &Args) -> Result<ExitCode> {
    let questions = chosen(&QUESTIONS, &args.only)?;
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
    let report = report(args, &questions, &folder, &interrupt)?;
    folder.close()?;
    write(&report, &out)?;
    Ok(exit_code(&report))
}

fn report(
    args: &Args,
    questions: &[&'static Question],
    folder: &Folder,
    interrupt: &Interrupt,
) -> Result<Report> {
    let (host, started, start) = (Host::describe(), SystemTime::now(), Instant::now());
    let path = folder.path().join("tokens.ngt");
    file::create(&path, args.like, args.seed, args.tokens)?;
    say::err(&format!(
        "{} tokens made in {:.1} s",
        args.tokens,
        start.elapsed().as_secs_f64()
    ));
    let threads = args.threads as usize;
    let ours = Ours::open(&path, folder.path(), threads)?;
    let python = python(&path, folder, threads);
    let about = python.as_ref().map(|python| python.about.clone());
    let conductor = Conductor {
        ours: &ours,
        python,
        threads,
        rounds: args.rounds,
        rng: SplitMix64::new(args.seed),
        interrupt,
        record: Record::default(),
    };
    let record = conductor.conduct(questions);
    let run = RunInfo {
        started: iso_utc(started),
        command: env::args_os()
            .map(|argument| argument.to_string_lossy().into_owned())
            .collect(),
        profile: Profile::of_this_build().name(),
        tokens: args.tokens,
        like: args.like,
        seed: args.seed,
        threads,
        rounds: args.rounds,
        interrupted: record.interrupted,
        elapsed_s: start.elapsed().as_secs_f64(),
    };
    Ok(Report::new(run, host, about, record))
}

/// The peers, or none, and why.
fn python(tokens: &Path, folder: &Folder, threads: usize) -> Option<Python> {
    let python = Python::start(tokens, folder.path(), threads);
    python
        .inspect_err(|error| say::err(&format!("no peers: {error:#}")))
        .ok()
}

fn write(report: &Report, out: &Path) -> Result<()> {
    let json = serde_json::to_string_pretty(report)? + "\n";
    write_whole(out, &json).with_context(|| cannot_write(out))?;
    let text = table(report);
    let tables = out.with_extension("md");
    write_whole(&tables, &text).with_context(|| cannot_write(&tables))?;
    say::out(&text)?;
    say::err(&format!("figures: {}", out.display()));
    Ok(())
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
