//! A suite: cases that are measured, and ratios of them that are judged.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::Ratio;

/// A piece of work, split into what is timed and what is not.
pub trait Work {
    /// The result of the timed part. It is dropped untimed.
    type Output;

    /// Prepares everything, untimed, before each run.
    ///
    /// # Errors
    ///
    /// As the work defines.
    fn prepare(&mut self) -> Result<()> {
        Ok(())
    }

    /// Does the work, timed.
    ///
    /// # Errors
    ///
    /// As the work defines.
    fn run(&mut self) -> Result<Self::Output>;

    /// Reduces the result of the last run to one number, untimed.
    ///
    /// # Errors
    ///
    /// If the result cannot be read.
    fn checksum(&self, output: Self::Output) -> Result<u64>;

    /// Returns the expected number, known without doing the work.
    fn expected(&self) -> u64;
}

/// A work with a name, ready to be timed.
pub struct Case<'a> {
    name: String,
    tokens: usize,
    run_once: Box<dyn FnMut() -> Result<Duration> + 'a>,
}

impl<'a> Case<'a> {
    /// Names `work`, a run of which handles `tokens` tokens.
    pub fn new(name: impl Into<String>, tokens: usize, mut work: impl Work + 'a) -> Self {
        Self {
            name: name.into(),
            tokens,
            run_once: Box::new(move || timed(&mut work)),
        }
    }

    /// Names a work on `tokens` tokens that reports its own time: a probe that tries several ways,
    /// of which the fastest counts.
    pub fn told(
        name: impl Into<String>,
        tokens: usize,
        run_once: impl FnMut() -> Result<Duration> + 'a,
    ) -> Self {
        Self {
            name: name.into(),
            tokens,
            run_once: Box::new(run_once),
        }
    }

    /// Returns the name, unique within the suite.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns how many tokens one run handles.
    pub fn tokens(&self) -> usize {
        self.tokens
    }

    /// Runs it `iterations` times and returns the total time of the timed parts.
    ///
    /// # Errors
    ///
    /// If the work fails, or computes something other than expected.
    pub fn run(&mut self, iterations: u64) -> Result<Duration> {
        (0..iterations)
            .map(|_| (self.run_once)())
            .sum::<Result<Duration>>()
            .with_context(|| format!("case {}", self.name))
    }
}

fn timed(work: &mut impl Work) -> Result<Duration> {
    work.prepare()?;
    let start = Instant::now();
    let output = black_box(work.run()?);
    let elapsed = start.elapsed();
    let (found, expected) = (work.checksum(output)?, work.expected());
    ensure!(
        found == expected,
        "checksum {found}, expected {expected}: the work was not done"
    );
    Ok(elapsed)
}

/// Work that can be repeated at once and whose outcome is known: it first runs once untimed, so
/// that memory is mapped and first-use checks are done.
pub(crate) struct Known<F> {
    run: F,
    expected: u64,
    is_warm: bool,
}

impl<F: Fn() -> Result<u64>> Known<F> {
    pub(crate) fn new(expected: u64, run: F) -> Self {
        Self {
            run,
            expected,
            is_warm: false,
        }
    }
}

impl<F: Fn() -> Result<u64>> Work for Known<F> {
    type Output = u64;

    fn prepare(&mut self) -> Result<()> {
        if !self.is_warm {
            black_box((self.run)()?);
            self.is_warm = true;
        }
        Ok(())
    }

    fn run(&mut self) -> Result<u64> {
        (self.run)()
    }

    fn checksum(&self, output: u64) -> Result<u64> {
        Ok(output)
    }

    fn expected(&self) -> u64 {
        self.expected
    }
}

/// How long a suite measures.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How many samples criterion takes of a case; at least 10.
    pub samples: usize,
    /// How long criterion warms a case up.
    pub warm_up: Duration,
    /// The time criterion aims at for the samples of a case, timed parts only.
    pub measurement: Duration,
    /// How often a case runs in each round of the ratios.
    pub round_iterations: u64,
}

impl Pace {
    /// For cases that make whole files.
    pub(crate) const FILES: Self = Self {
        samples: 10,
        warm_up: Duration::from_millis(1),
        measurement: Duration::from_millis(500),
        round_iterations: 1,
    };

    /// For passes over memory.
    pub(crate) const PASSES: Self = Self {
        samples: 20,
        warm_up: Duration::from_millis(100),
        measurement: Duration::from_secs(1),
        round_iterations: 4,
    };
}

/// Cases that belong together, and their description.
pub struct Suite<'a> {
    /// The name, the same as of the program under `benches/`.
    pub name: &'static str,
    /// What the cases work on, in a line above the ratios.
    pub about: String,
    /// The cases, in the order criterion runs them.
    pub cases: Vec<Case<'a>>,
    /// The ratios that are judged, between cases of this suite.
    pub ratios: Vec<Ratio>,
    /// How long it measures.
    pub pace: Pace,
}

/// Runs each case of `suite` once, ratios included.
#[cfg(test)]
pub(crate) fn check(mut suite: Suite<'_>) {
    for case in &mut suite.cases {
        case.run(2).unwrap();
    }
    let table = crate::Rounds::measure(&mut suite, 1).unwrap().table();
    for ratio in &suite.ratios {
        assert!(table.contains(ratio.subject()), "{ratio:?} in {table}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pretends to have computed `found`.
    struct Claims {
        found: u64,
    }

    impl Work for Claims {
        type Output = u64;

        fn run(&mut self) -> Result<u64> {
            Ok(self.found)
        }

        fn checksum(&self, output: u64) -> Result<u64> {
            Ok(output)
        }

        fn expected(&self) -> u64 {
            5
        }
    }

    #[test]
    fn known_work_is_done_once_before_it_is_timed() {
        let done = std::cell::Cell::new(0);
        let work = || {
            done.set(done.get() + 1);
            Ok(7)
        };
        Case::new("known", 1, Known::new(7, work)).run(2).unwrap();
        assert_eq!(done.get(), 3);
        assert!(Case::new("wrong", 1, Known::new(8, work)).run(1).is_err());
    }

    #[test]
    fn times_that_are_told_are_added_up() {
        let mut told = Case::told("told", 1, || Ok(Duration::from_secs(2)));
        assert_eq!(told.run(3).unwrap(), Duration::from_secs(6));
    }

    #[test]
    fn work_that_computes_something_else_is_an_error() {
        Case::new("right", 1, Claims { found: 5 }).run(3).unwrap();
        let refused = Case::new("wrong", 1, Claims { found: 4 })
            .run(1)
            .unwrap_err();
        assert_eq!(
            format!("{refused:#}"),
            "case wrong: checksum 4, expected 5: the work was not done"
        );
    }
}
