//! Figures for people: three digits and a unit.

use crate::model::{Interval95, RunInfo};

/// Three significant digits.
fn digits(value: f64) -> String {
    let places = match value.abs() {
        size if size >= 99.95 => 0,
        size if size >= 9.995 => 1,
        0.0 => 0,
        _ => 2,
    };
    format!("{value:.places$}")
}

/// The largest unit in which the value is at least 1, else the smallest.
fn unit_of(value: f64, units: &[(f64, &'static str)]) -> (f64, &'static str) {
    let fits = units.iter().rev().find(|(size, _)| value.abs() >= *size);
    fits.or(units.first()).copied().unwrap_or((1.0, ""))
}

/// The value in its own unit.
fn scaled(value: f64, units: &[(f64, &'static str)]) -> (f64, &'static str) {
    let (size, unit) = unit_of(value, units);
    (value / size, unit)
}

const TIMES: [(f64, &str); 4] = [(1.0, "ns"), (1e3, "us"), (1e6, "ms"), (1e9, "s")];
const COUNTS: [(f64, &str); 4] = [(1.0, ""), (1e3, "k"), (1e6, "M"), (1e9, "G")];
const BYTES: [(f64, &str); 4] = [
    (1.0, "B"),
    (1024.0, "KiB"),
    (1_048_576.0, "MiB"),
    (1_073_741_824.0, "GiB"),
];

pub(crate) fn time(ns: f64) -> String {
    let (value, unit) = scaled(ns, &TIMES);
    format!("{} {unit}", digits(value))
}

/// Both ends in the unit of the lower one.
pub(crate) fn time_interval(Interval95([low, high]): Interval95) -> String {
    let (size, unit) = unit_of(low, &TIMES);
    format!("[{}, {}] {unit}", digits(low / size), digits(high / size))
}

/// A time and its interval in one unit, or "no interval".
pub(crate) fn time_with(ns: f64, ci95: Option<Interval95>) -> String {
    let (size, unit) = unit_of(ns, &TIMES);
    let middle = digits(ns / size);
    match ci95 {
        Some(Interval95([low, high])) => {
            let [low, high] = [low, high].map(|end| digits(end / size));
            format!("{middle} {unit} [{low}, {high}]")
        }
        None => format!("{middle} {unit} (no interval)"),
    }
}

pub(crate) fn count(value: f64) -> String {
    let (value, unit) = scaled(value, &COUNTS);
    format!("{}{unit}", digits(value))
}

/// A number of items, exact: short if it is round, as `1M`, else in full, as `1500`.
pub(crate) fn items(count: u64) -> String {
    for (size, unit) in [(1_000_000_000, "G"), (1_000_000, "M"), (1000, "k")] {
        if count >= size && count.is_multiple_of(size) {
            return format!("{}{unit}", count / size);
        }
    }
    count.to_string()
}

pub(crate) fn bytes(count: u64) -> String {
    let (value, unit) = scaled(count as f64, &BYTES);
    format!("{} {unit}", digits(value))
}

/// Formats the rounds of a run; with looks, some cells may have had fewer.
pub(crate) fn rounds(run: &RunInfo) -> String {
    let up_to = if run.looks.is_empty() { "" } else { "up to " };
    format!("{up_to}{}", run.rounds)
}

pub(crate) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// A ratio with its interval, or "no interval".
pub(crate) fn ratio(estimate: f64, ci95: Option<Interval95>) -> String {
    match ci95 {
        Some(Interval95([low, high])) => {
            format!("{estimate:.2}x [{low:.2}, {high:.2}]")
        }
        None => format!("{estimate:.2}x (no interval)"),
    }
}

/// A whole number in full, else three digits, and `unit`.
pub(super) fn figure(value: f64, unit: &str) -> String {
    let value = if value.fract() == 0.0 {
        format!("{value:.0}")
    } else {
        digits(value)
    };
    if unit.is_empty() || unit.starts_with('x') {
        format!("{value}{unit}")
    } else {
        format!("{value} {unit}")
    }
}

/// Both ends without a unit.
pub(super) fn plain_interval(Interval95([low, high]): Interval95) -> String {
    format!("[{}, {}]", digits(low), digits(high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits_and_a_unit() {
        assert_eq!(time(12.0), "12.0 ns");
        assert_eq!(time(1234.0), "1.23 us");
        assert_eq!(time(57_100_000.0), "57.1 ms");
        assert_eq!(time(999_600.0), "1000 us");
        assert_eq!(time(0.5), "0.50 ns");
        assert_eq!(count(43_210_000.0), "43.2M");
        assert_eq!(bytes(64_000_000), "61.0 MiB");
        assert_eq!(bytes(0), "0 B");
        assert_eq!(percent(0.934), "93 %");
    }

    #[test]
    fn a_figure_has_the_unit_that_the_caller_names() {
        assert_eq!(figure(80.31, "ns/token"), "80.3 ns/token");
        assert_eq!(figure(4.034, "x"), "4.03x");
        assert_eq!(figure(64.0, "B"), "64 B");
        assert_eq!(figure(499_999_500_000.0, ""), "499999500000");
        assert_eq!(plain_interval(Interval95([1.5, 102.4])), "[1.50, 102]");
    }

    #[test]
    fn an_interval_has_one_unit() {
        let interval = Interval95([999_000.0, 1_010_000.0]);
        assert_eq!(time_interval(interval), "[999, 1010] us");
    }

    #[test]
    fn a_time_has_its_interval_in_its_own_unit() {
        let interval = Some(Interval95([999_000.0, 1_310_000.0]));
        assert_eq!(time_with(1_020_000.0, interval), "1.02 ms [1.00, 1.31]");
        assert_eq!(time_with(1_020_000.0, None), "1.02 ms (no interval)");
    }

    #[test]
    fn a_ratio_without_interval_says_so() {
        assert_eq!(ratio(2.0, None), "2.00x (no interval)");
        assert_eq!(
            ratio(14.2, Some(Interval95([13.6, 14.9]))),
            "14.20x [13.60, 14.90]"
        );
    }

    #[test]
    fn round_numbers_of_items_are_short() {
        assert_eq!(items(1_000_000), "1M");
        assert_eq!(items(10_500), "10500");
        assert_eq!(items(2000), "2k");
    }
}
