//! `torture`: the long fault runs, in release.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};

use crate::cargo::{command, root, run};
use crate::counts::{Counts, Sums, grouped};
use crate::fuzz;

/// How often a run reports its progress.
const PROGRESS: Duration = Duration::from_secs(15);

/// How often to check whether it has ended.
const LOOK: Duration = Duration::from_millis(100);

/// The number of tokens of a query when the size is large.
const LARGE_TOKENS: u64 = 10_000_000;

/// How long the history of a dataset goes on when the size is large.
const HISTORY_TIME: Duration = Duration::from_secs(60);

/// The number of tokens of a dataset whose changes are killed, when the size is large.
const KILL_TOKENS: u64 = 2_000_000;

/// How much of a failed run's output is shown.
const LAST_LINES: usize = 60;

#[derive(Debug, Args)]
pub(crate) struct TortureArgs {
    /// As much as the tests run, or up to fifty times that
    #[arg(long, value_enum, default_value = "large")]
    size: Size,

    /// Only these
    #[arg(long, value_enum, value_name = "NAME", num_args = 1.., value_delimiter = ',')]
    only: Vec<Kind>,

    /// Number of tokens for each operation, such as 10M, which is the default if large; if small,
    /// as in the tests
    #[arg(long, value_name = "COUNT", value_parser = parse_tokens)]
    tokens: Option<u64>,

    /// How long the history of a dataset goes on; by default 60s, or 2500ms if small
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    history_time: Option<Duration>,

    /// How many tokens the datasets have whose changes are killed, such as 2M, which is the default
    /// if large; if small, as in the tests
    #[arg(long, value_name = "COUNT", value_parser = parse_tokens)]
    kill_tokens: Option<u64>,

    /// How long each target is fuzzed; by default 60s, or 10s if small
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    fuzz_time: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Size {
    Small,
    Large,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Power cuts, failing operations and full disks, simulated
    Crash,
    /// Processes killed at a random moment
    Kills,
    /// Processes that race for one file
    Races,
    /// Readers that look on while a process writes
    Refresh,
    /// Processes that replace a file to which others append
    Replace,
    /// Processes that fork while they have a file open
    Forks,
    /// Files that an overlay copies while they are read, mounted
    Overlay,
    /// Disks without room, mounted
    FullDisk,
    /// Orders of steps, found by loom
    Loom,
    /// Every operation of a query, on every path, against a look at each token; in copies of every
    /// order, over broken indexes, and filters at every boundary
    Query,
    /// The files of an index flipped, cut, swapped, stale, built by two and killed while built
    Index,
    /// Datasets: power cuts over the whole folder, simulated; publishers that race, processes killed
    /// at a random moment, the tool among them, and a history of eight writers and four readers
    Dataset,
    /// The tool killed at a random moment, and on disks without room, mounted
    Tool,
    /// Inputs, found by libFuzzer
    Fuzz,
}

/// A package, and the arguments of `cargo test` that choose of its tests.
type Run = (&'static str, &'static [&'static str]);

/// Datasets that are killed are for [`Kind::Dataset`].
const TOOL: &[&str] = &[
    "--test",
    "it",
    "--",
    "killed",
    "full_disk",
    "--skip",
    "dataset::killed",
];

impl Kind {
    fn name(self) -> String {
        self.to_possible_value()
            .map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// How much more runs when the size is large.
    fn large_scale(self) -> u64 {
        match self {
            Self::Crash | Self::Races | Self::Forks | Self::Overlay => 20,
            Self::Kills | Self::Refresh | Self::Replace | Self::Index => 50,
            Self::Query | Self::Tool => 25,
            Self::Dataset => 8,
            // One preemption more.
            Self::Loom => 2,
            Self::FullDisk | Self::Fuzz => 1,
        }
    }

    /// The tests, one package after another.
    fn runs(self) -> &'static [Run] {
        match self {
            Self::Crash => &[("ng-store", &["--test", "crash"])],
            Self::Kills => &[("ng-store", &["--test", "processes", "kill"])],
            Self::Races => &[("ng-store", &["--test", "processes", "racing"])],
            Self::Refresh => &[("ng-store", &["--test", "processes", "readers"])],
            Self::Replace => &[("ng-store", &["--test", "processes", "replaced"])],
            Self::Forks => &[("ng-store", &["--test", "processes", "forked"])],
            Self::Overlay => &[("ng-store", &["--test", "processes", "copied_up"])],
            Self::FullDisk => &[("ng-store", &["--test", "processes", "full"])],
            Self::Loom => &[("ng-store", &["--lib", "--test", "loom"])],
            Self::Query => &[("ng-query", &["--lib", "--test", "oracle"])],
            Self::Index => &[("ng-query", &["--test", "index"])],
            Self::Dataset => &[
                ("ng-dataset", &["--lib", "--test", "processes"]),
                ("ng-cli", &["--test", "it", "--", "dataset::killed"]),
            ],
            Self::Tool => &[("ng-cli", TOOL)],
            Self::Fuzz => &[],
        }
    }

    /// The prefix of the counts that show progress.
    fn counted(self) -> &'static str {
        match self {
            Self::Crash => "crash images",
            Self::Kills => "kills",
            Self::Races => "lock races: holders",
            Self::Refresh => "refreshed commits",
            Self::Replace => "replacing races: re",
            Self::Forks => "forked children",
            Self::Overlay => "overlay: files that were copied up under a reader",
            Self::FullDisk => "full disks",
            Self::Loom => "loom executions",
            Self::Query => "query answers",
            Self::Index => "index: answers",
            Self::Dataset => "dataset",
            Self::Tool => "tool: ",
            Self::Fuzz => "fuzz runs",
        }
    }
}

/// One finished run.
struct Outcome {
    kind: Kind,
    took: Duration,
    sums: Sums,
    failed: Option<anyhow::Error>,
}

/// Fuzzes each target for a time.
pub(crate) fn fuzz(time: Duration) -> Result<()> {
    let args = TortureArgs {
        size: Size::Small,
        only: vec![Kind::Fuzz],
        tokens: None,
        history_time: None,
        kill_tokens: None,
        fuzz_time: Some(time),
    };
    match all(&args)? {
        true => Ok(()),
        false => bail!("a target failed"),
    }
}

pub(crate) fn torture(args: &TortureArgs) -> Result<ExitCode> {
    let passed = all(args)?;
    Ok(ExitCode::from(u8::from(!passed)))
}

/// Runs everything asked for, and tells whether all of it passed.
fn all(args: &TortureArgs) -> Result<bool> {
    let kinds = match args.only.is_empty() {
        true => Kind::value_variants(),
        false => &args.only,
    };
    build(kinds)?;
    let mut outcomes = Vec::new();
    for &kind in kinds {
        outcomes.push(one(kind, args)?);
    }
    print(&outcomes);
    Ok(outcomes.iter().all(|outcome| outcome.failed.is_none()))
}

fn build(kinds: &[Kind]) -> Result<()> {
    let tested = kinds.iter().filter(|kind| **kind != Kind::Fuzz);
    let runs = tested.flat_map(|kind| kind.runs());
    let packages: BTreeSet<_> = runs.map(|(package, _)| *package).collect();
    for package in packages {
        run(tests(package).arg("--no-run"))?;
    }
    if kinds.contains(&Kind::Fuzz) && fuzz::missing().is_none() {
        fuzz::build()?;
    }
    Ok(())
}

fn tests(package: &str) -> Command {
    let mut cargo = command();
    cargo
        .current_dir(root())
        .args(["test", "--release", "--all-features", "--package", package]);
    cargo
}

fn one(kind: Kind, args: &TortureArgs) -> Result<Outcome> {
    let counts = Counts::begin(&format!("torture-{}", kind.name()))?;
    let start = Instant::now();
    let done = match kind {
        Kind::Fuzz => fuzz_all(args, &counts),
        _ => test(kind, args, &counts),
    };
    let sums = counts.sums()?;
    let outcome = Outcome {
        kind,
        took: start.elapsed(),
        failed: done.and_then(|()| check_ran(kind, &sums)).err(),
        sums,
    };
    if let Some(error) = &outcome.failed {
        eprintln!("torture: {}: failed: {error:#}", kind.name());
    }
    Ok(outcome)
}

/// Tests are chosen by a part of their names: if one is renamed, nothing runs, and Cargo calls that
/// success.
fn check_ran(kind: Kind, sums: &Sums) -> Result<()> {
    let counts: &[&str] = match kind {
        // One of each package.
        Kind::Dataset => &["dataset kills", "dataset: kills"],
        _ => &[kind.counted()],
    };
    let name = kind.name();
    for counted in counts {
        if sums.like(counted) == 0 && !sums.skipped_like(counted) {
            bail!("{name}: nothing was run: no count of \"{counted}\"");
        }
    }
    Ok(())
}

fn test(kind: Kind, args: &TortureArgs, counts: &Counts) -> Result<()> {
    let variables = variables(kind, args);
    for &(package, arguments) in kind.runs() {
        let mut cargo = tests(package);
        cargo.args(arguments);
        for (name, value) in variables {
            cargo.envs(value.map(|value| (name, value.to_string())));
        }
        let name = format!("{}-{package}", kind.name());
        watch(kind, &name, &mut cargo, counts)?;
    }
    Ok(())
}

/// What tells the tests how much to do.
fn variables(kind: Kind, args: &TortureArgs) -> [(&'static str, Option<u64>); 4] {
    let if_large = |amount| match args.size {
        Size::Small => None,
        Size::Large => Some(amount),
    };
    let millis = |time: Duration| time.as_millis() as u64;
    let time = args.history_time.map(millis);
    [
        ("NG_CRASH_SCALE", if_large(kind.large_scale()).or(Some(1))),
        ("NG_TOKENS", args.tokens.or(if_large(LARGE_TOKENS))),
        ("NG_KILL_TOKENS", args.kill_tokens.or(if_large(KILL_TOKENS))),
        ("NG_HISTORY_TIME", time.or(if_large(millis(HISTORY_TIME)))),
    ]
}

fn fuzz_all(args: &TortureArgs, counts: &Counts) -> Result<()> {
    if let Some(why) = fuzz::missing() {
        return counts.add("fuzz runs", format!("skipped: {why}"));
    }
    let time = args.fuzz_time.unwrap_or(match args.size {
        Size::Small => Duration::from_secs(10),
        Size::Large => Duration::from_secs(60),
    });
    for (name, input_max) in fuzz::TARGETS {
        let mut target = fuzz::target(name, input_max, time)?;
        let log = watch(Kind::Fuzz, &format!("fuzz-{name}"), &mut target, counts)?;
        counts.add(&format!("fuzz runs: {name}"), fuzz::executed(&log)?)?;
    }
    Ok(())
}

/// Runs a command to its end and reports progress now and then. Its output goes to a file, whose
/// end is shown if it fails.
fn watch(kind: Kind, name: &str, command: &mut Command, counts: &Counts) -> Result<PathBuf> {
    let (log, file) = create_log(name)?;
    println!("torture: {name}");
    let child = counts
        .of(command)
        .stdout(file.try_clone()?)
        .stderr(file)
        .spawn()
        .with_context(|| format!("{command:?}"))?;
    let so_far = || match kind {
        Kind::Fuzz => fuzz::pulse(&log),
        _ => Ok(counts.sums()?.like(kind.counted())),
    };
    let status = wait(child, so_far, kind, name)?;
    if !status.success() {
        eprintln!("{}", last_lines(&log)?);
        bail!("{status}; all of it is in {}", log.display());
    }
    Ok(log)
}

fn create_log(name: &str) -> Result<(PathBuf, File)> {
    let folder = root().join("target/torture");
    let log = folder.join(format!("{name}.log"));
    let file = fs::create_dir_all(&folder).and_then(|()| File::create(&log));
    let file = file.with_context(|| log.display().to_string())?;
    Ok((log, file))
}

fn wait(
    mut child: Child,
    so_far: impl Fn() -> Result<u64>,
    kind: Kind,
    name: &str,
) -> Result<ExitStatus> {
    let start = Instant::now();
    let mut said = Duration::ZERO;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if start.elapsed() >= said + PROGRESS {
            said = start.elapsed();
            let (seconds, count) = (said.as_secs(), grouped(so_far()?));
            println!("torture: {name}: {seconds} s, {count} {}", kind.counted());
        }
        thread::sleep(LOOK);
    }
}

fn last_lines(log: &Path) -> Result<String> {
    let bytes = fs::read(log)?;
    let said = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = said.lines().collect();
    Ok(lines[lines.len().saturating_sub(LAST_LINES)..].join("\n"))
}

fn print(outcomes: &[Outcome]) {
    println!();
    for outcome in outcomes {
        let verdict = match outcome.failed {
            None => "passed",
            Some(_) => "FAILED",
        };
        let seconds = outcome.took.as_secs_f64();
        println!("{:<10} {verdict}  {seconds:.1} s", outcome.kind.name());
        print!("{}", outcome.sums);
    }
}

/// Reads `5000`, `100k` or `10M`.
fn parse_tokens(text: &str) -> Result<u64, String> {
    let (digits, factor) = match (text.strip_suffix('k'), text.strip_suffix('M')) {
        (Some(digits), _) => (digits, 1_000),
        (_, Some(digits)) => (digits, 1_000_000),
        _ => (text, 1),
    };
    let count = digits
        .parse::<u64>()
        .ok()
        .and_then(|count| count.checked_mul(factor));
    match count {
        Some(count) if count > 0 => Ok(count),
        _ => Err("expected a count, such as 5000, 100k or 10M".to_owned()),
    }
}

/// Reads `90`, `90s` or `2m`.
fn parse_time(text: &str) -> Result<Duration, String> {
    let (digits, factor) = match (text.strip_suffix('s'), text.strip_suffix('m')) {
        (Some(digits), _) => (digits, 1),
        (_, Some(digits)) => (digits, 60),
        _ => (text, 1),
    };
    let seconds = digits
        .parse::<u64>()
        .ok()
        .and_then(|n| n.checked_mul(factor));
    match seconds {
        Some(seconds) if seconds > 0 => Ok(Duration::from_secs(seconds)),
        _ => Err("expected seconds or minutes, such as 60s or 2m".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_of_tokens_may_have_a_unit() {
        for (text, count) in [("1", 1), ("100k", 100_000), ("10M", 10_000_000)] {
            assert_eq!(parse_tokens(text), Ok(count));
        }
        for text in ["", "0", "M", "10m", "-1", "1.5M", "99999999999999999999M"] {
            assert!(parse_tokens(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_time_is_seconds_or_minutes() {
        for (text, seconds) in [("5", 5), ("60s", 60), ("2m", 120)] {
            assert_eq!(parse_time(text), Ok(Duration::from_secs(seconds)));
        }
        for text in ["", "0", "s", "1h", "-1", "1.5s", "99999999999999999999m"] {
            assert!(parse_time(text).is_err(), "{text}");
        }
    }
}
