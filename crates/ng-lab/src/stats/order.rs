//! Order statistics of one sample.

use super::interval::{Interval, MISS, deepest};

/// Returns the middle value, or the mean of the middle two.
///
/// `None` if the sample is empty or holds a NaN or an infinity.
pub fn median(samples: &[f64]) -> Option<f64> {
    sorted_finite(samples).map(|sorted| sorted_median(&sorted))
}

/// Returns the quantile of type 7 (Hyndman and Fan, 1996), the default of NumPy and R.
///
/// The quantile is at index `q * (n - 1)` of `n` sorted values, linearly interpolated:
/// `q` 0 is the smallest value, 1 the largest.
///
/// `None` if the sample is empty or holds a NaN or an infinity.
///
/// # Panics
///
/// If `q` is outside `0..=1`.
pub fn quantile(samples: &[f64], q: f64) -> Option<f64> {
    assert!((0.0..=1.0).contains(&q), "quantile {q} outside 0..=1");
    sorted_finite(samples).map(|sorted| sorted_quantile(&sorted, q))
}

/// Returns the median absolute deviation from the median, in the unit of the samples.
///
/// Not scaled: 1.4826 times the result estimates the standard deviation of a normal
/// distribution.
///
/// `None` if the sample is empty or holds a NaN or an infinity.
pub fn mad(samples: &[f64]) -> Option<f64> {
    let center = median(samples)?;
    let deviations: Vec<f64> = samples
        .iter()
        .map(|sample| (sample - center).abs())
        .collect();
    median(&deviations)
}

/// Returns the narrowest interval `[x(k), x(n + 1 - k)]` of the sorted sample that
/// covers the true median with probability 0.95 or more.
///
/// The number of independent values below the median is binomial with probability one
/// half, so the coverage is exact for every continuous distribution and a lower bound
/// for any other.
///
/// `None` for fewer than six values, or if the sample holds a NaN or an infinity.
pub fn median_interval_95(samples: &[f64]) -> Option<Interval> {
    sorted_median_interval(&sorted_finite(samples)?, MISS)
}

/// Returns the sample in ascending order, `None` if it has no statistics.
pub(super) fn sorted_finite(samples: &[f64]) -> Option<Vec<f64>> {
    if samples.is_empty() || !samples.iter().all(|sample| sample.is_finite()) {
        return None;
    }
    let mut sorted = samples.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    Some(sorted)
}

pub(super) fn sorted_median(sorted: &[f64]) -> f64 {
    let upper = sorted.len() / 2;
    let lower = (sorted.len() - 1) / 2;
    sorted[lower].midpoint(sorted[upper])
}

pub(super) fn sorted_quantile(sorted: &[f64], q: f64) -> f64 {
    let place = q * (sorted.len() - 1) as f64;
    let low = sorted[place.floor() as usize];
    let high = sorted[place.ceil() as usize];
    low + place.fract() * (high - low)
}

/// Returns the interval of the median that misses with probability `miss`.
pub(super) fn sorted_median_interval(sorted: &[f64], miss: f64) -> Option<Interval> {
    deepest(&fair_binomial(sorted.len()), miss).map(|depth| Interval::at_depth(sorted, depth))
}

/// Returns the probability of each number of heads, `0..=tosses`.
///
/// Weights are relative to the most likely number, because `2^-tosses` underflows an
/// `f64` from 1075 tosses on.
fn fair_binomial(tosses: usize) -> Vec<f64> {
    let mut weights = vec![1.0; tosses + 1];
    for heads in (0..tosses / 2).rev() {
        let ratio = (heads + 1) as f64 / (tosses - heads) as f64;
        weights[heads] = weights[heads + 1] * ratio;
        weights[tosses - heads] = weights[heads];
    }
    let total: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / total).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::testing::{self, Random, assert_close, assert_interval, assert_share};

    const FIXTURE: &str = include_str!("../../tests/fixtures/stats/order.txt");

    #[test]
    fn order_statistics_agree_with_numpy() {
        for case in testing::cases(FIXTURE) {
            let samples = case.all("samples");
            assert_close(median(samples).unwrap(), case.one("median"), "median");
            assert_close(mad(samples).unwrap(), case.one("mad"), "mad");
            for (q, expected) in case.all("q").iter().zip(case.all("quantiles")) {
                assert_close(quantile(samples, *q).unwrap(), *expected, "quantile");
            }
        }
    }

    #[test]
    fn median_intervals_agree_with_scipy() {
        for case in testing::cases(FIXTURE) {
            let interval = median_interval_95(case.all("samples"));
            assert_interval(interval, case.all("interval"));
        }
    }

    #[test]
    fn an_interval_takes_six_values_and_is_then_the_whole_range() {
        let samples = [3.0, 1.0, 6.0, 2.0, 5.0, 4.0];
        assert_eq!(median_interval_95(&samples[..5]), None);
        assert_interval(median_interval_95(&samples), &[1.0, 6.0]);
    }

    #[test]
    fn a_sample_without_statistics_gives_none() {
        for samples in [&[][..], &[1.0, f64::NAN], &[1.0, f64::INFINITY]] {
            assert_eq!(median(samples), None);
            assert_eq!(quantile(samples, 0.5), None);
            assert_eq!(mad(samples), None);
            assert_eq!(median_interval_95(samples), None);
        }
        assert_eq!(median_interval_95(&[f64::NAN; 9]), None);
    }

    #[test]
    fn quantiles_of_the_ends_are_the_ends() {
        let samples = [0.3, 0.1, 0.2];
        assert_eq!(quantile(&samples, 0.0), Some(0.1));
        assert_eq!(quantile(&samples, 1.0), Some(0.3));
    }

    #[test]
    #[should_panic(expected = "quantile 1.5 outside 0..=1")]
    fn a_quantile_outside_its_range_panics() {
        quantile(&[1.0], 1.5);
    }

    #[test]
    fn fair_binomial_survives_the_underflow_of_its_ends() {
        let probabilities = fair_binomial(5_000);
        assert_eq!(probabilities[0], 0.0);
        assert_close(probabilities.iter().sum(), 1.0, "sum");
    }

    /// The coverage is known exactly, so the observed share must equal it: less would be
    /// a false claim, more a needlessly wide interval.
    #[test]
    fn median_intervals_cover_as_often_as_the_binomial_says() {
        for (count, coverage) in [(6, 0.96875), (8, 0.9921875), (12, 0.961_425_781_25)] {
            let seed = 0x5eed_0001;
            let mut random = Random(seed);
            assert_share(coverage, seed, || {
                let samples: Vec<f64> = (0..count).map(|_| random.exponential()).collect();
                let interval = median_interval_95(&samples).unwrap();
                (interval.low..=interval.high).contains(&std::f64::consts::LN_2)
            });
        }
    }
}
