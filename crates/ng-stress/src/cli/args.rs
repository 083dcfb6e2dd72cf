//! What can be asked for.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use ng_lab::{BaselineName, Plant, PlantKind, Profile};
use ng_stress::parse_count;
use ng_stress::scenarios::{REGISTRY, find};

use crate::cli::soak::SoakArgs;

/// The most threads of a run: more than any known machine has.
const MAX_THREADS: usize = 1024;
/// Ten times as slow: beyond that nobody needs a gate.
const MAX_PERCENT: f64 = 1000.0;

#[derive(Debug, Parser)]
#[command(version, about = "Stress-tests NeuroGraph token stores, honestly", long_about = None)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Measure scenarios and report them
    Run(Box<RunArgs>),
    /// Check every statement of the seed's report with a new run
    ///
    /// The options are those of `run`. Without names, all scenarios that the
    /// statements need are measured, by default in 12 rounds; --tokens takes one
    /// number.
    Claims(Box<RunArgs>),
    /// Work on one token file or dataset for minutes or hours, and report what changes
    Soak(Box<SoakArgs>),
    /// Compare two kept runs, not paired
    Compare(CompareArgs),
    /// Show a kept run again
    Report(ReportArgs),
    /// List the scenarios and their variants
    List,
    /// Check what on this machine disturbs measurements, and advise
    Doctor,
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("reference").args(["baseline", "against"])))]
pub(super) struct RunArgs {
    /// Scenarios to measure [default: those with a star in `ng-stress list`]
    #[arg(value_parser = PossibleValuesParser::new(REGISTRY.map(|scenario| scenario.name())))]
    pub(super) scenarios: Vec<String>,

    /// Numbers of tokens, such as 1M or 1M,10M
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = parse_count)]
    #[arg(default_value = "1M", allow_hyphen_values = true)]
    pub(super) tokens: Vec<u64>,

    /// Numbers of threads [default: 1, 2, 4 and so on to the machine's]
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = parse_threads)]
    #[arg(allow_hyphen_values = true)]
    pub(super) threads: Vec<NonZeroUsize>,

    /// Builds to measure
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_enum)]
    #[arg(default_value = "dev,release")]
    pub(super) profiles: Vec<ProfileArg>,

    /// Two rounds at most, and no intervals
    #[arg(long, group = "effort")]
    pub(super) quick: bool,

    /// Twenty rounds
    #[arg(long, group = "effort")]
    pub(super) full: bool,

    /// Rounds after the cold one; six or more give intervals
    #[arg(long, value_name = "N", group = "effort", allow_hyphen_values = true)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(super) rounds: Option<u32>,

    /// As many rounds as fit into a time, such as 90s or 5m
    #[arg(long, value_name = "T", group = "effort", value_parser = parse_time)]
    #[arg(allow_hyphen_values = true)]
    pub(super) time: Option<Duration>,

    /// Seed of the random orders [default: from the clock]
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub(super) seed: Option<u64>,

    /// Folder for data files, on a disk; they are removed afterwards
    /// [default: target/ng-stress/data]
    #[arg(long, value_name = "PATH")]
    pub(super) dir: Option<PathBuf>,

    /// Folder for report.html, report.md, report.json, samples.csv and results.jsonl
    /// [default: target/ng-stress/RUN, and a link `latest`]
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,

    /// Also print the long tables, which report.md and report.html always have
    #[arg(long)]
    pub(super) details: bool,

    /// Keep the report under a name, to compare later runs with
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub(super) save_baseline: Option<BaselineName>,

    /// Compare with the report of that name, not paired
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub(super) baseline: Option<BaselineName>,

    /// Compare with another revision, measured in the same rounds
    #[arg(long, value_name = "REV")]
    pub(super) against: Option<String>,

    /// Exit with 3 if a phase is slower than there by more than PCT per cent and
    /// more than noise explains
    #[arg(long, value_name = "PCT", value_parser = parse_percent, requires = "reference")]
    #[arg(allow_hyphen_values = true)]
    pub(super) gate: Option<f64>,

    /// The time budget of --gate with --against, such as 90s or 5m: decided phases stop,
    /// undecided ones go on [default: 3m, unless --time replaces it; --rounds and --full
    /// run all phases to the end]
    #[arg(long, value_name = "T", group = "effort", value_parser = parse_time)]
    #[arg(allow_hyphen_values = true, requires = "gate")]
    pub(super) gate_budget: Option<Duration>,

    /// Count the instructions of each single-threaded phase with valgrind, at a small size,
    /// and exit with 3 if one takes over PCT per cent more than in REV. Without --gate,
    /// --save-baseline and options for rounds or time, nothing is timed
    #[arg(long, value_name = "PCT", value_parser = parse_percent, requires = "against")]
    #[arg(allow_hyphen_values = true)]
    pub(super) gate_instructions: Option<f64>,

    /// Slow a scenario's phases down on purpose, to see the gate close; PCTi adds
    /// instructions instead
    #[arg(long, value_name = "SCENARIO:PCT", value_parser = parse_plant, hide = true)]
    #[arg(conflicts_with = "save_baseline")]
    pub(super) plant: Option<Plant>,

    /// The program of `--against`, of the release build where that is measured
    #[arg(long, value_name = "FILE", requires = "against", hide = true)]
    pub(super) against_program: Option<PathBuf>,

    /// The commit of `--against`
    #[arg(long, value_name = "ID", requires = "against", hide = true)]
    pub(super) against_commit: Option<String>,

    /// Only check the options
    #[arg(long, hide = true)]
    pub(super) check: bool,

    /// The dev build of this program [default: beside the release build]
    #[arg(long, value_name = "FILE", hide = true)]
    pub(super) dev_program: Option<PathBuf>,
}

impl RunArgs {
    /// Whether neither rounds nor time were given. A gate's budget does not count: rounds
    /// are added within it until the gate can decide.
    pub(super) fn has_no_effort(&self) -> bool {
        !self.quick && !self.full && self.rounds.is_none() && self.time.is_none()
    }

    /// Whether instructions are counted and nothing is timed.
    pub(super) fn counts_alone(&self) -> bool {
        let times = self.gate.is_some() || self.save_baseline.is_some();
        self.gate_instructions.is_some() && !times && self.has_no_effort()
    }
}

#[derive(Debug, Args)]
pub(super) struct CompareArgs {
    /// The run to compare with: a baseline's name, a run's folder or report.json,
    /// or a commit, meaning its last run
    #[arg(value_name = "THEN")]
    pub(super) then: String,

    /// The run that is judged
    #[arg(value_name = "NOW")]
    pub(super) now: String,

    /// Exit with 3 if a phase of NOW is slower by more than PCT per cent and more
    /// than noise explains
    #[arg(long, value_name = "PCT", value_parser = parse_percent, allow_hyphen_values = true)]
    pub(super) gate: Option<f64>,
}

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// A run's folder or report.json, a baseline's name, or a commit
    #[arg(value_name = "RUN")]
    pub(super) run: String,

    /// The form
    #[arg(long, value_name = "NAME", value_enum, default_value = "text")]
    pub(super) format: Format,

    /// Also the long tables, which --format md always has
    #[arg(long)]
    pub(super) details: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// As after a run
    Text,
    /// As in report.md
    #[value(alias = "markdown")]
    Md,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum ProfileArg {
    /// Cargo's dev profile
    #[value(alias = "debug")]
    Dev,
    /// Cargo's release profile
    Release,
}

impl From<ProfileArg> for Profile {
    fn from(arg: ProfileArg) -> Self {
        match arg {
            ProfileArg::Dev => Self::Dev,
            ProfileArg::Release => Self::Release,
        }
    }
}

fn parse_threads(text: &str) -> Result<NonZeroUsize, String> {
    text.parse::<NonZeroUsize>()
        .ok()
        .filter(|threads| threads.get() <= MAX_THREADS)
        .ok_or_else(|| format!("expected a whole number from 1 to {MAX_THREADS}"))
}

fn parse_percent(text: &str) -> Result<f64, String> {
    text.strip_suffix('%')
        .unwrap_or(text)
        .parse::<f64>()
        .ok()
        .filter(|percent| *percent > 0.0 && *percent <= MAX_PERCENT)
        .ok_or_else(|| format!("expected per cent above 0 and up to {MAX_PERCENT}, such as 5"))
}

fn parse_plant(text: &str) -> Result<Plant, String> {
    let (scenario, percent) = text
        .split_once(':')
        .ok_or("expected a scenario and per cent, such as create:20")?;
    if find(scenario).is_none() {
        let names: Vec<&str> = REGISTRY.iter().map(|scenario| scenario.name()).collect();
        return Err(format!("expected one of {}", names.join(", ")));
    }
    let (percent, kind) = match percent.strip_suffix('i') {
        Some(percent) => (percent, PlantKind::Instructions),
        None => (percent, PlantKind::Time),
    };
    Ok(Plant {
        scenario: scenario.to_owned(),
        percent: parse_percent(percent)?,
        kind,
    })
}

fn parse_time(text: &str) -> Result<Duration, String> {
    let (digits, unit) = match text.strip_suffix('m') {
        Some(digits) => (digits, 60),
        None => (text.strip_suffix('s').unwrap_or(text), 1),
    };
    digits
        .parse::<u32>()
        .ok()
        .filter(|count| *count > 0)
        .map(|count| Duration::from_secs(u64::from(count) * unit))
        .ok_or_else(|| {
            "expected a whole number of seconds or minutes, such as 90s or 5m".to_owned()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_seconds_or_minutes() {
        assert_eq!(parse_time("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_time("90"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_time("5m"), Ok(Duration::from_secs(300)));
        for text in ["", "0s", "-1", "1.5m", "1h", "s", "99999999999s"] {
            assert!(parse_time(text).is_err(), "{text}");
        }
    }

    #[test]
    fn per_cent_are_above_nothing() {
        assert_eq!(parse_percent("5"), Ok(5.0));
        assert_eq!(parse_percent("2.5%"), Ok(2.5));
        for text in ["", "0", "-5", "1001", "NaN", "inf", "five", "%"] {
            assert!(parse_percent(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_plant_names_a_scenario_and_per_cent() {
        let plant = parse_plant("create:20").unwrap();
        assert_eq!((plant.scenario.as_str(), plant.percent), ("create", 20.0));
        assert_eq!(plant.kind, PlantKind::Time);
        let work = parse_plant("create:2.5i").unwrap();
        assert_eq!((work.percent, work.kind), (2.5, PlantKind::Instructions));
        for text in [
            "create",
            "create:",
            "create:0",
            "create:i",
            "create:2ii",
            "destroy:20",
            ":20",
        ] {
            assert!(parse_plant(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
