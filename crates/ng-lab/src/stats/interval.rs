//! Intervals between two order statistics.

use crate::model::Interval95;

/// The probability with which an interval may miss: 5 %, both sides together.
pub(super) const MISS: f64 = 0.05;

/// A closed interval, `low <= high`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The lower end, inside.
    pub low: f64,
    /// The upper end, inside.
    pub high: f64,
}

impl From<Interval> for Interval95 {
    fn from(interval: Interval) -> Self {
        Self([interval.low, interval.high])
    }
}

impl From<Interval95> for Interval {
    fn from(Interval95([low, high]): Interval95) -> Self {
        Self { low, high }
    }
}

impl Interval {
    /// Returns the values at rank `depth` from either end, counted from 1.
    ///
    /// # Panics
    ///
    /// If the two ranks would cross.
    pub(super) fn at_depth(sorted: &[f64], depth: usize) -> Self {
        let len = sorted.len();
        assert!(
            1 <= depth && depth <= len.div_ceil(2),
            "depth {depth} in {len} values"
        );
        Self {
            low: sorted[depth - 1],
            high: sorted[len - depth],
        }
    }
}

/// Returns the deepest rank from either end at which an interval still covers.
///
/// `null[i]` is the probability that exactly `i` of the sorted values lie below
/// the true one. It is symmetric, so the interval at a depth misses on each side
/// with the sum of the first `depth` entries. `None` if depth 1 misses too often.
pub(super) fn deepest(null: &[f64], miss: f64) -> Option<usize> {
    let mut misses = 0.0;
    let depth = null
        .iter()
        .take_while(|&&probability| {
            misses += 2.0 * probability;
            misses <= miss
        })
        .count();
    (depth > 0).then_some(depth)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deepest_stops_before_the_miss_exceeds_five_per_cent() {
        assert_eq!(deepest(&[0.026, 0.0], MISS), None);
        assert_eq!(deepest(&[0.024, 0.002, 0.0], MISS), Some(1));
        assert_eq!(deepest(&[0.010, 0.014, 0.002], MISS), Some(2));
        assert_eq!(deepest(&[], MISS), None);
    }

    #[test]
    fn at_depth_may_close_on_the_middle_value() {
        let middle = Interval::at_depth(&[1.0, 2.0, 3.0], 2);
        assert_eq!(
            middle,
            Interval {
                low: 2.0,
                high: 2.0
            }
        );
    }

    #[test]
    #[should_panic(expected = "depth 3 in 4 values")]
    fn at_depth_refuses_ends_that_cross() {
        Interval::at_depth(&[1.0, 2.0, 3.0, 4.0], 3);
    }
}
