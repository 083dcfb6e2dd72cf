//! The answer to a question, and when two answers agree.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A number of an answer: whole ones are exact.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Number {
    Whole(i64),
    Real(f64),
}

/// The numbers found, and how far the arithmetic behind them may be off, relatively.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) numbers: Vec<Number>,
    pub(crate) tolerance: f64,
}

/// The result of one of ours.
#[derive(Debug)]
pub(crate) enum Found {
    Answer(Answer),
    /// A new file, whose contents are the answer; it is removed once read.
    File(PathBuf),
}

/// How many numbers of an answer are shown.
const TOLD: usize = 8;

/// The bound below which an `f64` has all whole numbers: sums are cut to it.
const MOST_WHOLE: u64 = (1 << 53) - 1;

impl Number {
    fn value(self) -> f64 {
        match self {
            Self::Whole(number) => number as f64,
            Self::Real(number) => number,
        }
    }

    fn is_near(self, other: Self, tolerance: f64) -> bool {
        let (left, right) = (self.value(), other.value());
        match (self, other) {
            (Self::Whole(left), Self::Whole(right)) if left == right => true,
            (Self::Whole(_), Self::Whole(_)) if tolerance == 0.0 => false,
            _ => (left - right).abs() <= tolerance * left.abs().max(right.abs()),
        }
    }
}

impl Answer {
    /// Numbers that are exact.
    pub(crate) fn whole(numbers: impl IntoIterator<Item = u64>) -> Self {
        let numbers = numbers
            .into_iter()
            .map(|number| Number::Whole(number as i64));
        Self {
            numbers: numbers.collect(),
            tolerance: 0.0,
        }
    }

    /// Tells whether both agree, as far as their arithmetic allows.
    pub(crate) fn agrees(&self, other: &Self) -> bool {
        let tolerance = self.tolerance.max(other.tolerance);
        let mut pairs = self.numbers.iter().zip(&other.numbers);
        self.numbers.len() == other.numbers.len()
            && pairs.all(|(left, right)| left.is_near(*right, tolerance))
    }

    /// The first numbers, for reports.
    pub(crate) fn told(&self) -> &[Number] {
        &self.numbers[..self.numbers.len().min(TOLD)]
    }
}

/// The digest of many numbers: how many, their sum, and their sum weighted by their rank from 1 on.
/// As `digest` in `queries.py`.
pub(crate) fn digest(values: impl IntoIterator<Item = u64>) -> Answer {
    let (mut count, mut sum, mut ranked) = (0_u64, 0, 0_u64);
    for value in values {
        count += 1;
        sum += value;
        ranked = ranked.wrapping_add(count.wrapping_mul(value));
    }
    Answer::whole([count, sum, ranked & MOST_WHOLE])
}

/// Shows the first numbers, and how many there are if there are more.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = self.told().iter().map(|number| match number {
            Number::Whole(number) => number.to_string(),
            Number::Real(number) => number.to_string(),
        });
        write!(f, "{}", told.collect::<Vec<_>>().join(" "))?;
        match self.numbers.len() {
            count if count > TOLD => write!(f, " ... ({count} numbers)"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(json: &str, tolerance: f64) -> Answer {
        Answer {
            numbers: serde_json::from_str(json).unwrap(),
            tolerance,
        }
    }

    #[test]
    fn whole_numbers_agree_exactly_and_others_as_far_as_the_arithmetic_goes() {
        let most = i64::MAX;
        let (most, less) = (format!("[{most}]"), format!("[{}]", most - 1));
        for (left, right, tolerance, expected) in [
            ("[1, 2]", "[1, 2]", 0.0, true),
            ("[1, 2]", "[1, 3]", 0.0, false),
            ("[1, 2]", "[1]", 0.5, false),
            ("[]", "[]", 0.0, true),
            (&*most, &*less, 0.0, false),
            (&*most, &*most, 0.0, true),
            ("[1000000]", "[1000001]", 1e-5, true),
            ("[1000000]", "[1000001]", 1e-7, false),
            ("[1000000.0]", "[1000001]", 1e-5, true),
            ("[0.5]", "[0.5]", 0.0, true),
            ("[0.0]", "[0]", 0.0, true),
            ("[0.0]", "[1e-30]", 1e-4, false),
        ] {
            let (one, other) = (answer(left, 0.0), answer(right, tolerance));
            assert_eq!(one.agrees(&other), expected, "{left} {right} {tolerance}");
            assert_eq!(other.agrees(&one), expected, "{right} {left} {tolerance}");
        }
    }

    #[test]
    fn the_order_of_what_is_digested_counts() {
        assert_eq!(digest([5, 3, 4]), Answer::whole([3, 12, 23]));
        assert_eq!(digest([3, 5, 4]), Answer::whole([3, 12, 25]));
        let cut = digest([1 << 52, 1 << 52]);
        assert_eq!(cut, Answer::whole([2, 1 << 53, 1 << 52]));
    }

    #[test]
    fn long_answers_are_told_by_their_beginning() {
        assert_eq!(Answer::whole([1, 2]).to_string(), "1 2");
        let long = Answer::whole(0..100);
        assert_eq!(long.to_string(), "0 1 2 3 4 5 6 7 ... (100 numbers)");
    }
}
