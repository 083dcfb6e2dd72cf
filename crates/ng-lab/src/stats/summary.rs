//! A summary of one sample.

use super::interval::{Interval, MISS};
use super::order::{mad, sorted_finite, sorted_median, sorted_median_interval, sorted_quantile};

/// A summary of one sample; all figures but `count` are in the unit of the samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// The number of values, at least one.
    pub count: usize,
    /// The middle value, or the mean of the middle two.
    pub median: f64,
    /// The smallest value.
    pub min: f64,
    /// The quantile 0.1 of type 7.
    pub p10: f64,
    /// The quantile 0.9 of type 7.
    pub p90: f64,
    /// The median absolute deviation from the median, not scaled.
    pub mad: f64,
    /// The exact interval of the median at 95 %; `None` under six values.
    pub interval: Option<Interval>,
}

impl Summary {
    /// Summarises a sample.
    ///
    /// `None` if the sample is empty or holds a NaN or an infinity.
    pub fn of(samples: &[f64]) -> Option<Self> {
        Self::at(MISS, samples)
    }

    /// Returns the same, with an interval that misses with probability `miss` instead of 5 %.
    pub(crate) fn at(miss: f64, samples: &[f64]) -> Option<Self> {
        let sorted = sorted_finite(samples)?;
        Some(Self {
            count: sorted.len(),
            median: sorted_median(&sorted),
            min: sorted[0],
            p10: sorted_quantile(&sorted, 0.1),
            p90: sorted_quantile(&sorted, 0.9),
            mad: mad(&sorted)?,
            interval: sorted_median_interval(&sorted, miss),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_holds_each_figure_in_its_place() {
        let samples = [
            70.0, 0.0, 20.0, 100.0, 30.0, 40.0, 50.0, 10.0, 60.0, 80.0, 90.0,
        ];
        let expected = Summary {
            count: 11,
            median: 50.0,
            min: 0.0,
            p10: 10.0,
            p90: 90.0,
            mad: 30.0,
            interval: Some(Interval {
                low: 10.0,
                high: 90.0,
            }),
        };
        assert_eq!(Summary::of(&samples), Some(expected));
    }

    #[test]
    fn a_summary_under_six_values_has_no_interval() {
        let summary = Summary::of(&[1.0; 5]).unwrap();
        assert_eq!((summary.count, summary.interval), (5, None));
    }

    #[test]
    fn a_sample_without_statistics_has_no_summary() {
        assert_eq!(Summary::of(&[]), None);
        assert_eq!(Summary::of(&[1.0, f64::NAN]), None);
    }
}
