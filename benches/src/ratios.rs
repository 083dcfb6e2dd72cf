//! Ratios of cases that take turns.
//!
//! Criterion runs one case after the other, so between two of them the machine changes. Here every
//! round runs every case in its own order, and the two sides of a ratio are paired by round.

use std::time::Duration;

use anyhow::Result;
use comfy_table::Table;
use comfy_table::presets::ASCII_MARKDOWN;
use ng_lab::rng::SplitMix64;
use ng_lab::stats::{self, Interval, PairedRatio};

use crate::{Case, Suite};

/// Seed of the orders within the rounds.
const ORDER_SEED: u64 = 1;

/// How many times as fast one case is as another, and should be.
#[derive(Clone, Debug, PartialEq)]
pub struct Ratio {
    subject: String,
    base: Base,
    bar: Option<f64>,
}

/// What a case is compared with.
#[derive(Clone, Debug, PartialEq)]
enum Base {
    /// Another case of the suite.
    Case(String),
    /// How long a run may take.
    Time(Duration),
}

impl Ratio {
    /// Compares the case named `subject` with the one named `base`; `bar` is the required ratio, if
    /// there is one.
    pub fn new(subject: impl Into<String>, base: impl Into<String>, bar: Option<f64>) -> Self {
        Self {
            subject: subject.into(),
            base: Base::Case(base.into()),
            bar,
        }
    }

    /// Requires a run of the case named `subject` to take no longer than `time`.
    pub fn within(subject: impl Into<String>, time: Duration) -> Self {
        Self {
            subject: subject.into(),
            base: Base::Time(time),
            bar: Some(1.0),
        }
    }

    /// Returns the name of the case that is judged.
    pub fn subject(&self) -> &str {
        &self.subject
    }
}

/// The times of every case in every round.
#[derive(Clone, Debug)]
pub struct Rounds {
    suite: &'static str,
    ratios: Vec<Ratio>,
    names: Vec<String>,
    /// By case: how many tokens one run handles.
    tokens: Vec<usize>,
    /// By case, then by round, in nanoseconds a token.
    times_ns: Vec<Vec<f64>>,
}

impl Rounds {
    /// Runs all cases of `suite` once a round, in random order.
    ///
    /// # Errors
    ///
    /// If a case fails.
    pub fn measure(suite: &mut Suite<'_>, rounds: usize) -> Result<Self> {
        let mut rng = SplitMix64::new(ORDER_SEED);
        let mut order: Vec<usize> = (0..suite.cases.len()).collect();
        let mut times_ns = vec![Vec::with_capacity(rounds); suite.cases.len()];
        let iterations = suite.pace.round_iterations;
        for _ in 0..rounds {
            rng.shuffle(&mut order);
            for &number in &order {
                let case = &mut suite.cases[number];
                let elapsed = case.run(iterations)?;
                let tokens = iterations as f64 * case.tokens() as f64;
                times_ns[number].push(elapsed.as_nanos() as f64 / tokens);
            }
        }
        Ok(Self {
            suite: suite.name,
            ratios: suite.ratios.clone(),
            names: suite
                .cases
                .iter()
                .map(Case::name)
                .map(str::to_owned)
                .collect(),
            tokens: suite.cases.iter().map(Case::tokens).collect(),
            times_ns,
        })
    }

    /// Shows every ratio beside its bar.
    ///
    /// # Panics
    ///
    /// If a ratio names a case that the suite does not have.
    pub fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(ASCII_MARKDOWN).set_header([
            self.suite,
            "against",
            "ns/token",
            "its ns/token",
            "times as fast",
            "95 % interval",
            "bar",
            "verdict",
        ]);
        table.add_rows(self.ratios.iter().map(|ratio| self.row(ratio)));
        format!(
            "{table}\nrounds, paired: {}; ns/token: medians; seed of the orders: {ORDER_SEED}",
            self.times_ns.first().map_or(0, Vec::len)
        )
    }

    fn row(&self, ratio: &Ratio) -> [String; 8] {
        let subject = self.times(&ratio.subject);
        let (against, base) = match &ratio.base {
            Base::Case(name) => (name.clone(), self.times(name).to_vec()),
            Base::Time(time) => {
                let tokens = self.tokens[self.number(&ratio.subject)];
                let ns = time.as_nanos() as f64 / tokens as f64;
                (format!("{time:?}"), vec![ns; subject.len()])
            }
        };
        let paired = stats::paired_ratio(&base, subject);
        let interval = paired.and_then(|paired| paired.interval);
        let bar = ratio.bar;
        [
            ratio.subject.clone(),
            against,
            median_ns(subject),
            median_ns(&base),
            or_dash(paired.map(estimate)),
            or_dash(interval.map(|Interval { low, high }| format!("{low:.2} to {high:.2}"))),
            or_dash(bar.map(|bar| format!("{bar:.2}"))),
            or_dash(
                bar.zip(interval)
                    .map(|(bar, interval)| interval.against(bar).name().to_owned()),
            ),
        ]
    }

    /// Returns the times of a case, in nanoseconds a token.
    ///
    /// # Panics
    ///
    /// If the suite has no case of that name.
    pub(crate) fn times(&self, name: &str) -> &[f64] {
        &self.times_ns[self.number(name)]
    }

    fn number(&self, name: &str) -> usize {
        let number = self.names.iter().position(|candidate| candidate == name);
        number.unwrap_or_else(|| panic!("suite {} has no case {name}", self.suite))
    }
}

fn estimate(paired: PairedRatio) -> String {
    format!("{:.2}", paired.estimate)
}

fn median_ns(times_ns: &[f64]) -> String {
    or_dash(stats::median(times_ns).map(|median_ns| format!("{median_ns:.2}")))
}

pub(crate) fn or_dash(text: Option<String>) -> String {
    text.unwrap_or_else(|| "-".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounds(subject: &[f64], base: &[f64], bar: Option<f64>) -> Rounds {
        Rounds {
            suite: "test",
            ratios: vec![Ratio::new("new", "old", bar)],
            names: vec!["old".to_owned(), "new".to_owned()],
            tokens: vec![1, 10],
            times_ns: vec![base.to_vec(), subject.to_vec()],
        }
    }

    #[test]
    fn a_subject_of_half_the_time_is_twice_as_fast() {
        let row = |bar| {
            let rounds = rounds(&[1.0; 6], &[2.0; 6], bar);
            rounds.row(&rounds.ratios[0]).join(" ")
        };
        assert_eq!(row(None), "new old 1.00 2.00 2.00 2.00 to 2.00 - -");
        let verdicts = [(1.8, "reached"), (2.2, "missed")];
        for (bar, verdict) in verdicts {
            let found = row(Some(bar));
            assert!(found.ends_with(verdict), "{found}");
        }
    }

    #[test]
    fn an_interval_on_both_sides_of_the_bar_leaves_it_open() {
        let base = [1.6, 1.7, 1.8, 1.9, 2.0, 2.1];
        let rounds = rounds(&[1.0; 6], &base, Some(1.8));
        let row = rounds.row(&rounds.ratios[0]);
        assert_eq!(row[5], "1.60 to 2.10");
        assert_eq!(row[7], "open");
    }

    #[test]
    fn a_time_is_one_that_a_whole_run_may_take() {
        let mut rounds = rounds(&[1e5; 6], &[1.0; 6], None);
        let row = |ratio| rounds.row(&ratio).join(" ");
        let time = Duration::from_millis(2);
        // Ten tokens of 0.1 ms each are within 2 ms, and not within half of one.
        assert_eq!(
            row(Ratio::within("new", time)),
            "new 2ms 100000.00 200000.00 2.00 2.00 to 2.00 1.00 reached"
        );
        let missed = row(Ratio::within("new", time / 4));
        assert!(
            missed.ends_with("0.50 0.50 to 0.50 1.00 missed"),
            "{missed}"
        );
        rounds.ratios.push(Ratio::within("new", time));
        assert!(rounds.table().contains("2ms"));
    }

    #[test]
    fn fewer_than_six_rounds_have_no_interval_and_no_verdict() {
        let rounds = rounds(&[1.0; 5], &[2.0; 5], Some(1.8));
        assert_eq!(
            rounds.row(&rounds.ratios[0])[4..],
            ["2.00", "-", "1.80", "-"].map(str::to_owned)
        );
    }

    #[test]
    #[should_panic(expected = "suite test has no case typo")]
    fn a_ratio_of_a_case_that_is_not_there_panics() {
        let mut rounds = rounds(&[1.0], &[2.0], None);
        rounds.ratios.push(Ratio::new("typo", "old", None));
        rounds.table();
    }
}
