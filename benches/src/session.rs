//! One run of a suite: criterion, then the ratios.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;
use std::{env, thread};

use anyhow::Result;
use criterion::{Criterion, SamplingMode, Throughput};
use ng_lab::Host;

use crate::{Case, Rounds, Suite, size};

/// Rounds of the ratios: more than the 6 that an interval needs.
const ROUNDS: usize = 12;

/// How many tokens there are when nothing is measured.
const TINY_TOKENS: usize = 1_000;

/// The settings from the command line and the environment.
#[derive(Clone, Copy, Debug)]
pub struct Session {
    rounds: usize,
    tokens: usize,
    threads: NonZeroUsize,
}

/// The environment variable for the folder of files.
const FOLDER_VARIABLE: &str = "NG_BENCH_DIR";

/// The environment variable that adds ten times the tokens to suites about growth.
const GROWTH_VARIABLE: &str = "NG_BENCH_GROWTH";

impl Session {
    /// Reads criterion's options and `NG_BENCH_TOKENS`.
    ///
    /// # Errors
    ///
    /// If the variable does not hold a number of tokens.
    pub fn from_env() -> Result<Self> {
        let rounds = rounds(env::args().skip(1));
        let default = if rounds == ROUNDS {
            size::DEFAULT_TOKENS
        } else {
            TINY_TOKENS
        };
        Ok(Self {
            rounds,
            tokens: size::tokens(env::var_os(size::VARIABLE).as_deref(), default)?,
            threads: thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        })
    }

    /// Tells whether anything is measured, rather than run once.
    pub fn is_measured(&self) -> bool {
        self.rounds > 1
    }

    /// Returns how many tokens to work on.
    pub fn tokens(&self) -> usize {
        self.tokens
    }

    /// Returns how many threads "all threads" means.
    pub fn threads(&self) -> NonZeroUsize {
        self.threads
    }

    /// Returns the folder for files: that of `NG_BENCH_DIR`, or `default`.
    pub fn folder(&self, default: &str) -> PathBuf {
        env::var_os(FOLDER_VARIABLE).map_or_else(|| default.into(), PathBuf::from)
    }

    /// Tells whether suites about growth also take ten times the tokens: if `NG_BENCH_GROWTH` has
    /// any value.
    pub fn grows_long(&self) -> bool {
        env::var_os(GROWTH_VARIABLE).is_some_and(|value| !value.is_empty())
    }

    /// Runs `suite` according to the command line.
    ///
    /// # Errors
    ///
    /// If a case fails in a round.
    ///
    /// # Panics
    ///
    /// If a case fails within criterion, which accepts no error.
    pub fn run(&self, suite: Suite<'_>) -> Result<()> {
        self.measure(suite).map(drop)
    }

    /// Runs `suite` as [`run`](Self::run) does, and returns the rounds if there were any.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run).
    pub fn measure(&self, mut suite: Suite<'_>) -> Result<Option<Rounds>> {
        run_criterion(&mut suite);
        if self.rounds == 0 {
            return Ok(None);
        }
        eprintln!("{}: {} interleaved rounds", suite.name, self.rounds);
        let rounds = Rounds::measure(&mut suite, self.rounds)?;
        println!("\n{}; {}", suite.about, self.machine());
        println!("{}", rounds.table());
        if self.tokens != size::DEFAULT_TOKENS {
            println!("the bars are set for {} tokens", size::DEFAULT_TOKENS);
        }
        Ok(Some(rounds))
    }

    fn machine(&self) -> String {
        let pages = Host::describe().huge_pages;
        let mode = if pages.is_empty() { "unknown" } else { &pages };
        format!("{} threads, huge pages mode {mode}", self.threads)
    }
}

/// How many rounds criterion's options leave room for: all of them when it measures, one when it
/// tests, none when it lists or profiles.
fn rounds(options: impl Iterator<Item = String>) -> usize {
    let options: Vec<String> = options.collect();
    let has = |name: &str| options.iter().any(|option| option == name);
    if has("--list") || has("--profile-time") {
        0
    } else if has("--bench") && !has("--test") {
        ROUNDS
    } else {
        1
    }
}

fn run_criterion(suite: &mut Suite<'_>) {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group(suite.name);
    group
        .sampling_mode(SamplingMode::Flat)
        .sample_size(suite.pace.samples)
        .warm_up_time(suite.pace.warm_up)
        .measurement_time(suite.pace.measurement);
    for case in &mut suite.cases {
        group.throughput(Throughput::Elements(case.tokens() as u64));
        let name = case.name().to_owned();
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|iterations| run_or_panic(case, iterations));
        });
    }
    group.finish();
    criterion.final_summary();
}

fn run_or_panic(case: &mut Case<'_>, iterations: u64) -> Duration {
    case.run(iterations)
        .unwrap_or_else(|error| panic!("{error:#}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_follow_what_criterion_does() {
        for (options, expected) in [
            ("--bench", ROUNDS),
            ("--bench push", ROUNDS),
            ("--bench --test", 1),
            ("", 1),
            ("--bench --list", 0),
            ("--bench --profile-time 5", 0),
        ] {
            let found = rounds(options.split_whitespace().map(str::to_owned));
            assert_eq!(found, expected, "{options:?}");
        }
    }
}
