//! How fast a sample drifts along an order.

use super::interval::{Interval, MISS, deepest};
use super::normal::Z_975;
use super::order::{sorted_finite, sorted_median};
use super::trend::{EXACT_SAMPLES, Ties, inversion_distribution, score_variance, slopes};

/// A slope with its interval, in units of `y` by unit of `x`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slope {
    /// The median of the slopes between all points that differ in `x` (Theil, 1950).
    pub estimate: f64,
    /// The interval at 95 %; `None` if even the widest covers less often, as for fewer
    /// than five points.
    pub interval: Option<Interval>,
}

/// Estimates the slope of the points `(x[i], y[i])`.
///
/// Up to 29 % of the points can be outliers without moving the estimate far. The
/// interval contains the slopes that, subtracted from `y`, leave no trend by Kendall's
/// tau (Sen, "Estimates of the Regression Coefficient Based on Kendall's Tau", 1968).
/// It is exact up to 40 points if no two share an `x` or a `y`; otherwise it uses the
/// normal distribution with variance corrected for ties. Points are assumed independent
/// apart from the slope.
///
/// `None` for fewer than two points, if all share one `x`, or if any value is a NaN or
/// an infinity. Time and memory are quadratic in the number of points.
///
/// # Panics
///
/// If the slices differ in length.
pub fn slope(x: &[f64], y: &[f64]) -> Option<Slope> {
    assert_eq!(x.len(), y.len(), "x and y make points");
    let (x_ties, y_ties) = (Ties::of(x)?, Ties::of(y)?);
    // Empty if no pair differs in x.
    let sorted = sorted_finite(&slopes(x, y))?;
    let depth = if x.len() <= EXACT_SAMPLES && x_ties.pairs + y_ties.pairs == 0.0 {
        deepest(&inversion_distribution(x.len()), MISS)
    } else {
        let spread = Z_975 * score_variance(x.len(), &x_ties, &y_ties).max(0.0).sqrt();
        let depth = ((sorted.len() as f64 - spread) / 2.0).round();
        (depth >= 1.0).then_some(depth as usize)
    };
    Some(Slope {
        estimate: sorted_median(&sorted),
        interval: depth.map(|depth| Interval::at_depth(&sorted, depth)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::testing::{self, Random, assert_close, assert_interval, assert_share};

    #[test]
    fn slopes_agree_with_scipy() {
        for case in testing::cases(include_str!("../../tests/fixtures/stats/slope.txt")) {
            let found = slope(case.all("x"), case.all("y")).unwrap();
            assert_close(found.estimate, case.one("slope"), "slope");
            assert_interval(found.interval, case.all("interval"));
        }
    }

    #[test]
    fn an_interval_takes_five_points_and_spans_all_slopes_then() {
        let (x, y) = ([0.0, 1.0, 2.0, 3.0, 4.0], [0.0, 1.5, 1.0, 4.0, 3.0]);
        assert_eq!(slope(&x[..4], &y[..4]).unwrap().interval, None);
        let found = slope(&x, &y).unwrap();
        assert_interval(found.interval, &[-1.0, 3.0]);
    }

    #[test]
    fn a_constant_has_slope_zero_with_an_empty_interval() {
        let x: Vec<f64> = (0..50_u8).map(f64::from).collect();
        for count in [6, 50] {
            let found = slope(&x[..count], &vec![7.0; count]).unwrap();
            assert_eq!(found.estimate, 0.0);
            assert_interval(found.interval, &[0.0, 0.0]);
        }
    }

    #[test]
    fn a_quarter_of_outliers_does_not_move_the_slope_far() {
        let x: Vec<f64> = (0..40_u8).map(f64::from).collect();
        let stalls = |at: f64| if at % 4.0 == 3.0 { 1e6 } else { 0.0 };
        let noise = |at: f64| (at * 7.0) % 5.0;
        let y: Vec<f64> = x.iter().map(|x| 2.0 * x + noise(*x) + stalls(*x)).collect();
        let found = slope(&x, &y).unwrap();
        assert!((1.8..2.3).contains(&found.estimate), "{found:?}");
    }

    #[test]
    fn points_without_an_order_give_none() {
        assert_eq!(slope(&[], &[]), None);
        assert_eq!(slope(&[1.0], &[1.0]), None);
        assert_eq!(slope(&[7.0, 7.0], &[1.0, 2.0]), None);
        assert_eq!(slope(&[1.0, 2.0], &[1.0, f64::NAN]), None);
    }

    #[test]
    #[should_panic(expected = "x and y make points")]
    fn slices_of_different_length_panic() {
        slope(&[1.0, 2.0], &[1.0]);
    }

    /// The number of sorted slopes below the true one equals the number of falling pairs
    /// of the noise, so the coverage is known.
    #[test]
    fn intervals_cover_as_often_as_the_inversions_say() {
        let null = inversion_distribution(8);
        let depth = deepest(&null, MISS).unwrap();
        let coverage = 1.0 - 2.0 * null[..depth].iter().sum::<f64>();
        let seed = 0x5eed_0005;
        let mut random = Random(seed);
        let x: Vec<f64> = (0..8_u8).map(f64::from).collect();
        assert_share(coverage, seed, || {
            let y: Vec<f64> = x.iter().map(|x| 3.0 * x + random.exponential()).collect();
            let interval = slope(&x, &y).unwrap().interval.unwrap();
            (interval.low..=interval.high).contains(&3.0)
        });
    }
}
