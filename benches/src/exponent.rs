//! How a time grows with the number of tokens.

use std::ops::RangeInclusive;

use comfy_table::Table;
use comfy_table::presets::ASCII_MARKDOWN;
use ng_lab::stats::{self, Interval};

use crate::Rounds;
use crate::ratios::or_dash;

/// The exponent by which the time of a case grows with the number of tokens: the slope of the
/// logarithms from one size to another. For three sizes in equal ratios, the least-squares slope is
/// that from the first to the last.
#[derive(Clone, Debug, PartialEq)]
pub struct Exponent {
    larger: String,
    smaller: String,
    factor: f64,
    bar: Option<RangeInclusive<f64>>,
}

impl Exponent {
    /// Compares two cases of one "token" a run each: `larger` works on `factor` times as many
    /// tokens as `smaller`. `bar` is the required range of the exponent, if there is one.
    pub fn new(
        larger: impl Into<String>,
        smaller: impl Into<String>,
        factor: f64,
        bar: Option<RangeInclusive<f64>>,
    ) -> Self {
        Self {
            larger: larger.into(),
            smaller: smaller.into(),
            factor,
            bar,
        }
    }

    /// Shows exponents beside their bars.
    ///
    /// # Panics
    ///
    /// If an exponent names a case that the rounds do not have.
    pub fn table(exponents: &[Self], rounds: &Rounds) -> String {
        let mut table = Table::new();
        table.load_style(ASCII_MARKDOWN).set_header([
            "growth",
            "from",
            "exponent",
            "95 % interval",
            "bar",
            "verdict",
        ]);
        table.add_rows(exponents.iter().map(|exponent| exponent.row(rounds)));
        table.to_string()
    }

    fn row(&self, rounds: &Rounds) -> [String; 6] {
        let (larger, smaller) = (rounds.times(&self.larger), rounds.times(&self.smaller));
        let paired = stats::paired_ratio(larger, smaller);
        let exponent = |ratio: f64| ratio.ln() / self.factor.ln();
        let interval = paired.and_then(|paired| paired.interval);
        let interval = interval.map(|Interval { low, high }| Interval {
            low: exponent(low),
            high: exponent(high),
        });
        [
            self.larger.clone(),
            self.smaller.clone(),
            or_dash(paired.map(|paired| format!("{:.3}", exponent(paired.estimate)))),
            or_dash(interval.map(|Interval { low, high }| format!("{low:.3} to {high:.3}"))),
            or_dash(self.bar.as_ref().map(shown)),
            or_dash(
                self.bar
                    .as_ref()
                    .zip(interval)
                    .map(|(bar, interval)| verdict(bar, interval).to_owned()),
            ),
        ]
    }
}

fn shown(bar: &RangeInclusive<f64>) -> String {
    match bar.start().is_finite() {
        true => format!("{:.2} to {:.2}", bar.start(), bar.end()),
        false => format!("up to {:.2}", bar.end()),
    }
}

/// As for a ratio: by the whole interval.
fn verdict(bar: &RangeInclusive<f64>, Interval { low, high }: Interval) -> &'static str {
    if bar.contains(&low) && bar.contains(&high) {
        "reached"
    } else if low > *bar.end() || high < *bar.start() {
        "missed"
    } else {
        "open"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Case, Pace, Suite};
    use std::time::Duration;

    fn rounds(times: [u64; 2]) -> Rounds {
        let case =
            |name: &str, millis| Case::told(name, 1, move || Ok(Duration::from_millis(millis)));
        let mut suite = Suite {
            name: "test",
            about: String::new(),
            cases: vec![case("small", times[0]), case("large", times[1])],
            ratios: Vec::new(),
            pace: Pace {
                samples: 10,
                warm_up: Duration::ZERO,
                measurement: Duration::ZERO,
                round_iterations: 1,
            },
        };
        Rounds::measure(&mut suite, 6).unwrap()
    }

    #[test]
    fn ten_times_the_time_of_a_tenth_is_the_first_power() {
        for (times, factor, expected) in [
            ([1, 10], 10.0, "1.000 1.000 to 1.000 0.95 to 1.05 reached"),
            ([1, 100], 100.0, "1.000 1.000 to 1.000 0.95 to 1.05 reached"),
            ([1, 10], 100.0, "0.500 0.500 to 0.500 0.95 to 1.05 missed"),
            ([1, 100], 10.0, "2.000 2.000 to 2.000 0.95 to 1.05 missed"),
        ] {
            let exponent = Exponent::new("large", "small", factor, Some(0.95..=1.05));
            let row = exponent.row(&rounds(times));
            assert_eq!(row[2..].join(" "), expected);
        }
    }

    #[test]
    fn a_bar_has_two_ends_or_one_or_there_is_none() {
        for (bar, expected) in [
            (Some(0.95..=1.05), "0.95 to 1.05 missed"),
            (Some(f64::NEG_INFINITY..=0.35), "up to 0.35 missed"),
            (Some(f64::NEG_INFINITY..=0.6), "up to 0.60 reached"),
            (None, "- -"),
        ] {
            let row = Exponent::new("large", "small", 100.0, bar).row(&rounds([1, 10]));
            assert_eq!(row[4..].join(" "), expected);
        }
    }

    #[test]
    fn a_bar_within_the_interval_leaves_it_open() {
        for (low, high, expected) in [
            (0.96, 1.04, "reached"),
            (0.94, 1.04, "open"),
            (0.96, 1.06, "open"),
            (0.9, 1.1, "open"),
            (0.9, 0.94, "missed"),
            (1.06, 1.1, "missed"),
        ] {
            assert_eq!(verdict(&(0.95..=1.05), Interval { low, high }), expected);
        }
    }
}
