//! Tests whether a sample drifts along an order.

use super::normal::two_sided;
use super::order::{median, sorted_finite};

/// Up to here the distribution of Kendall's tau is exact without ties.
pub(super) const EXACT_SAMPLES: usize = 40;

/// How a sample drifts along an order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trend {
    /// Kendall's tau-b: 1 if every step goes up, -1 if every step goes down.
    pub tau: f64,
    /// The two-sided p of "there is no trend".
    pub p_value: f64,
    /// The Theil-Sen slope: the median of the slopes between all points that differ
    /// in `x`, in units of `y` by unit of `x`.
    pub slope: f64,
}

/// Tests whether `y` rises or falls with `x` in the points `(x[i], y[i])`.
///
/// The p-value is exact up to 40 points if no two share an `x` or a `y`; otherwise it
/// is normal with variance corrected for ties (Kendall, 1970), without continuity
/// correction, and rough below about ten points.
///
/// `None` for fewer than two points, if all share one `x` or one `y`, or if any value
/// is a NaN or an infinity. Time and memory are quadratic in the number of points.
///
/// # Panics
///
/// If the slices differ in length.
pub fn trend(x: &[f64], y: &[f64]) -> Option<Trend> {
    assert_eq!(x.len(), y.len(), "x and y make points");
    let x_ties = Ties::of(x)?;
    let y_ties = Ties::of(y)?;
    let pairs = (x.len() * (x.len() - 1) / 2) as f64;
    let untied = (pairs - x_ties.pairs) * (pairs - y_ties.pairs);
    if untied == 0.0 {
        return None;
    }
    let score = score(x, y);
    let exact = x.len() <= EXACT_SAMPLES && x_ties.pairs + y_ties.pairs == 0.0;
    Some(Trend {
        tau: score as f64 / untied.sqrt(),
        p_value: if exact {
            exact_p(score, x.len())
        } else {
            two_sided(score as f64 / score_variance(x.len(), &x_ties, &y_ties).sqrt())
        },
        slope: median(&slopes(x, y))?,
    })
}

/// Sums over the groups of equal values, where a group has `t` members.
pub(super) struct Ties {
    /// `t (t - 1) / 2`: the pairs that tie.
    pub(super) pairs: f64,
    /// `t (t - 1) (t - 2)`.
    triples: f64,
    /// `t (t - 1) (2 t + 5)`.
    weights: f64,
}

impl Ties {
    pub(super) fn of(values: &[f64]) -> Option<Self> {
        let sorted = sorted_finite(values)?;
        let sizes = sorted
            .chunk_by(|a, b| a == b)
            .map(|group| group.len() as f64);
        Some(sizes.fold(
            Self {
                pairs: 0.0,
                triples: 0.0,
                weights: 0.0,
            },
            |sums, t| Self {
                pairs: sums.pairs + t * (t - 1.0) / 2.0,
                triples: sums.triples + t * (t - 1.0) * (t - 2.0),
                weights: sums.weights + t * (t - 1.0) * (2.0 * t + 5.0),
            },
        ))
    }
}

/// Visits each pair of points once, with its differences in `x` and `y`.
fn differences(x: &[f64], y: &[f64]) -> impl Iterator<Item = (f64, f64)> {
    (1..x.len()).flat_map(move |later| {
        (0..later).map(move |earlier| (x[later] - x[earlier], y[later] - y[earlier]))
    })
}

/// Counts the pairs of points that rise, minus those that fall.
fn score(x: &[f64], y: &[f64]) -> i64 {
    differences(x, y).map(|(dx, dy)| sign(dx) * sign(dy)).sum()
}

fn sign(value: f64) -> i64 {
    i64::from(value > 0.0) - i64::from(value < 0.0)
}

pub(super) fn slopes(x: &[f64], y: &[f64]) -> Vec<f64> {
    differences(x, y)
        .filter(|&(dx, _)| dx != 0.0)
        .map(|(dx, dy)| dy / dx)
        .collect()
}

fn exact_p(score: i64, samples: usize) -> f64 {
    let null = inversion_distribution(samples);
    let pairs = null.len() - 1;
    // The count of the rarer kind of pair.
    let inversions = (pairs - score.unsigned_abs() as usize) / 2;
    let at_most: f64 = null[..=inversions].iter().sum();
    (2.0 * at_most).min(1.0)
}

/// Returns the probability of each number of inversions in a random permutation.
pub(super) fn inversion_distribution(len: usize) -> Vec<f64> {
    let mut probabilities = vec![1.0];
    for count in 2..=len {
        // The value placed last is smaller than 0, 1, …, count - 1 of the others.
        let mut placed = vec![0.0; probabilities.len() + count - 1];
        for (inversions, probability) in probabilities.iter().enumerate() {
            for slot in &mut placed[inversions..inversions + count] {
                *slot += probability / count as f64;
            }
        }
        probabilities = placed;
    }
    probabilities
}

pub(super) fn score_variance(samples: usize, x: &Ties, y: &Ties) -> f64 {
    let n = samples as f64;
    let pairs = n * (n - 1.0);
    // Two points have no triples to divide.
    let triples = x.triples * y.triples / (9.0 * pairs * (n - 2.0).max(1.0));
    (pairs * (2.0 * n + 5.0) - x.weights - y.weights) / 18.0
        + 2.0 * x.pairs * y.pairs / pairs
        + triples
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::testing::{self, Random, assert_close};

    #[test]
    fn trends_agree_with_scipy() {
        for case in testing::cases(include_str!("../../tests/fixtures/stats/trend.txt")) {
            let trend = trend(case.all("x"), case.all("y")).unwrap();
            assert_close(trend.tau, case.one("tau"), "tau");
            assert_close(trend.p_value, case.one("p_value"), "p_value");
            assert_close(trend.slope, case.one("slope"), "slope");
        }
    }

    #[test]
    fn a_straight_line_has_tau_one_and_its_own_slope() {
        let x: Vec<f64> = (0..8_u8).map(f64::from).collect();
        let y: Vec<f64> = x.iter().map(|x| 5.0 - 0.25 * x).collect();
        let down = trend(&x, &y).unwrap();
        assert_eq!((down.tau, down.slope), (-1.0, -0.25));
        // 8! orders, of which one rises throughout and one falls throughout.
        assert_close(down.p_value, 2.0 / 40_320.0, "p_value");
    }

    #[test]
    fn points_without_an_order_give_none() {
        assert_eq!(trend(&[], &[]), None);
        assert_eq!(trend(&[1.0], &[1.0]), None);
        assert_eq!(trend(&[1.0, 2.0, 3.0], &[7.0, 7.0, 7.0]), None);
        assert_eq!(trend(&[7.0, 7.0, 7.0], &[1.0, 2.0, 3.0]), None);
        assert_eq!(trend(&[1.0, 2.0, 3.0], &[1.0, f64::NAN, 2.0]), None);
        assert_eq!(trend(&[1.0, f64::INFINITY], &[1.0, 2.0]), None);
    }

    #[test]
    #[should_panic(expected = "x and y make points")]
    fn slices_of_different_length_panic() {
        trend(&[1.0, 2.0], &[1.0]);
    }

    /// Without a trend, small p-values are as rare as they claim, and not much rarer.
    #[test]
    fn chance_looks_like_a_trend_in_five_per_cent_at_most() {
        const TRIALS: u32 = 4_000;
        let seed = 0x5eed_0004;
        let mut random = Random(seed);
        let x: Vec<f64> = (0..12_u8).map(f64::from).collect();
        let alarms: u32 = (0..TRIALS)
            .map(|_| {
                let y: Vec<f64> = x.iter().map(|_| random.exponential()).collect();
                u32::from(trend(&x, &y).unwrap().p_value <= 0.05)
            })
            .sum();
        let share = f64::from(alarms) / f64::from(TRIALS);
        assert!((0.03..0.06).contains(&share), "{share}, seed {seed:#x}");
    }
}
