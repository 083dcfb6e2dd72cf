//! What can be asked for.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use ng_lab::Profile;
use ng_stress::parse_count;
use ng_stress::scenarios::REGISTRY;

use crate::cli::soak::SoakArgs;

/// Most threads that can be asked for: more than any machine we know of has.
const MAX_THREADS: usize = 1024;

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
    /// Work on one token file for minutes or hours, and tell how that goes
    Soak(Box<SoakArgs>),
    /// List the scenarios and their variants
    List,
    /// Say what of this machine will hurt a measurement, and what to do
    Doctor,
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
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

    /// Folder for data files, on a disk; nothing is left in it
    /// [default: target/ng-stress/data]
    #[arg(long, value_name = "PATH")]
    pub(super) dir: Option<PathBuf>,

    /// Folder for report.json, report.md and results.jsonl
    /// [default: target/ng-stress/RUN, and a link `latest`]
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,

    /// Only check the options
    #[arg(long, hide = true)]
    pub(super) check: bool,

    /// The dev build of this program [default: beside the release build]
    #[arg(long, value_name = "FILE", hide = true)]
    pub(super) dev_program: Option<PathBuf>,
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
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
