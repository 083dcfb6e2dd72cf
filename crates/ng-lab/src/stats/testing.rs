//! Shared by this module's tests: fixtures, comparisons and random numbers.

use super::Interval;

/// One case of a fixture: named rows of numbers.
pub(super) struct Case<'a> {
    rows: Vec<(&'a str, Vec<f64>)>,
}

impl Case<'_> {
    pub(super) fn all(&self, name: &str) -> &[f64] {
        let row = self.rows.iter().find(|(row, _)| *row == name);
        let (_, numbers) = row.unwrap_or_else(|| panic!("no row {name} in the case"));
        numbers
    }

    pub(super) fn one(&self, name: &str) -> f64 {
        let numbers = self.all(name);
        assert_eq!(numbers.len(), 1, "numbers in row {name}");
        numbers[0]
    }
}

/// Parses a fixture: a row is a name and its numbers, an empty line ends a case, and
/// `#` begins a comment line.
pub(super) fn cases(fixture: &str) -> Vec<Case<'_>> {
    let lines: Vec<&str> = fixture
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    let cases: Vec<_> = lines
        .split(|line| line.is_empty())
        .filter(|rows| !rows.is_empty())
        .map(|rows| Case {
            rows: rows.iter().map(|row| parse_row(row)).collect(),
        })
        .collect();
    assert!(!cases.is_empty(), "a fixture without cases tests nothing");
    cases
}

fn parse_row(row: &str) -> (&str, Vec<f64>) {
    let (name, numbers) = row.split_once(' ').unwrap_or((row, ""));
    let numbers = numbers.split_whitespace();
    (
        name,
        numbers.map(|number| number.parse().unwrap()).collect(),
    )
}

/// Asserts agreement to a relative 1e-9.
#[track_caller]
pub(super) fn assert_close(actual: f64, expected: f64, what: &str) {
    let error = (actual - expected).abs();
    assert!(
        error <= 1e-9 * expected.abs(),
        "{what}: {actual:e}, expected {expected:e}"
    );
}

/// Asserts the ends of an interval, or that there is none if `expected` is empty.
#[track_caller]
pub(super) fn assert_interval(actual: Option<Interval>, expected: &[f64]) {
    match (actual, expected) {
        (None, []) => {}
        (Some(Interval { low, high }), [expected_low, expected_high]) => {
            assert_close(low, *expected_low, "low");
            assert_close(high, *expected_high, "high");
        }
        _ => panic!("{actual:?}, expected {expected:?}"),
    }
}

/// Asserts that a trial succeeds with the given probability, within four standard
/// errors of 4000 trials.
#[track_caller]
pub(super) fn assert_share(probability: f64, seed: u64, mut trial: impl FnMut() -> bool) {
    const TRIALS: u32 = 4_000;
    let successes = (0..TRIALS).filter(|_| trial()).count();
    let share = successes as f64 / f64::from(TRIALS);
    let standard_error = (probability * (1.0 - probability) / f64::from(TRIALS)).sqrt();
    assert!(
        (share - probability).abs() <= 4.0 * standard_error,
        "{share}, expected {probability}, seed {seed:#x}"
    );
}

/// The generator `SplitMix64` (Steele, Lea and Flood, 2014), its state inside.
pub(super) struct Random(pub(super) u64);

impl Random {
    /// Draws from the exponential distribution with mean 1, hence median ln 2.
    pub(super) fn exponential(&mut self) -> f64 {
        // 53 bits, moved by half a step off zero.
        let uniform = ((self.next() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
        -uniform.ln()
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
