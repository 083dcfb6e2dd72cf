//! The ratio of two sides measured separately.

use super::interval::{Interval, MISS, deepest};
use super::normal::{Z_975, two_sided};
use super::order::{sorted_finite, sorted_median};

/// Up to this product of the two counts (40 by 40, or 8 by 200) the rank-sum
/// distribution is exact; beyond it is normal.
const EXACT_PRODUCT: usize = 1600;

/// The ratio of numerator to denominator.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UnpairedRatio {
    /// The Hodges-Lehmann estimate: above 1 the numerator is the larger.
    pub estimate: f64,
    /// The Mann-Whitney interval of the ratio at 95 %; `None` if even the widest covers
    /// less often, as below four against four.
    pub interval: Option<Interval>,
    /// The number of samples of numerator and denominator.
    pub samples: [usize; 2],
    /// The two-sided rank-sum p of "the ratio is 1".
    pub p_value: f64,
}

/// Estimates the ratio of two independent sides.
///
/// It works on logarithms, so that swapping the sides gives the reciprocal. Each side
/// is assumed to be a sample of independent values, and both to have the same shape.
///
/// - The estimate is the median difference over all pairs of one value from each side
///   (Hodges and Lehmann, 1963).
/// - The interval lies between two of these differences, at the depth given by the
///   tie-free distribution of Mann and Whitney (1947). With ties it covers more often,
///   never less.
/// - The p-value gives tied values their mean rank.
///
/// Up to 1600 pairs both use exact distributions, the p-value that of the actual ranks,
/// ties included; above, the normal one with continuity correction and, for the
/// p-value, correction for ties.
///
/// `None` if a side is empty or any value is not a positive finite number.
/// Time and memory are proportional to the product of the counts; the exact p-value
/// takes at most the cube of the smaller count times the square of the larger.
pub fn unpaired_ratio(numerator: &[f64], denominator: &[f64]) -> Option<UnpairedRatio> {
    let (over, under) = (logs(numerator), logs(denominator));
    // A value that is not positive and finite has no finite logarithm.
    let differences = sorted_finite(&all_differences(&over, &under))?;
    let samples = [over.len(), under.len()];
    let interval = interval_depth(samples).map(|depth| {
        let logs = Interval::at_depth(&differences, depth);
        Interval {
            low: logs.low.exp(),
            high: logs.high.exp(),
        }
    });
    Some(UnpairedRatio {
        estimate: sorted_median(&differences).exp(),
        interval,
        samples,
        p_value: rank_sum_p(&over, &under),
    })
}

/// Returns the smallest possible two-sided p for these sample counts, reached if all of
/// one side are below all of the other; 1 if a side is empty.
#[must_use]
pub fn smallest_unpaired_p(samples: [usize; 2]) -> f64 {
    (2.0 / ways_to_choose(samples)).min(1.0)
}

/// Returns the binomial coefficient of both counts together over one of them.
fn ways_to_choose([left, right]: [usize; 2]) -> f64 {
    let (few, many) = (left.min(right), left.max(right));
    (1..=few).fold(1.0, |ways, k| ways * (many + k) as f64 / k as f64)
}

fn logs(values: &[f64]) -> Vec<f64> {
    values.iter().map(|value| value.ln()).collect()
}

fn all_differences(over: &[f64], under: &[f64]) -> Vec<f64> {
    over.iter()
        .flat_map(|over| under.iter().map(move |under| over - under))
        .collect()
}

/// Returns the depth, among the sorted differences, of the interval at 95 %.
fn interval_depth([left, right]: [usize; 2]) -> Option<usize> {
    let pairs = left * right;
    if pairs <= EXACT_PRODUCT {
        let ranks: Vec<usize> = (1..=left + right).collect();
        let chosen = left.min(right);
        let smallest = chosen * (chosen + 1) / 2;
        return deepest(&rank_sum_distribution(&ranks, chosen)[smallest..], MISS);
    }
    let deviation = ((pairs * (left + right + 1)) as f64 / 12.0).sqrt();
    let depth = pairs as f64 / 2.0 + 0.5 - Z_975 * deviation;
    (depth >= 1.0).then_some(depth as usize)
}

/// Returns the two-sided p of the rank-sum test of equal distributions.
fn rank_sum_p(over: &[f64], under: &[f64]) -> f64 {
    // The smaller side is summed: both sums add up to a constant.
    let (few, many) = if over.len() <= under.len() {
        (over, under)
    } else {
        (under, over)
    };
    let (sum, ranks) = doubled_ranks(few, many);
    if few.len() * many.len() <= EXACT_PRODUCT {
        exact_p(sum, &ranks, few.len())
    } else {
        approximate_p(sum, &ranks, few.len())
    }
}

/// Ranks the values of both sides together, and sums the ranks of `few`.
///
/// All ranks are doubled, because the mean rank of a tie may end in a half.
fn doubled_ranks(few: &[f64], many: &[f64]) -> (usize, Vec<usize>) {
    let mut pooled: Vec<(f64, bool)> = few.iter().map(|&value| (value, true)).collect();
    pooled.extend(many.iter().map(|&value| (value, false)));
    pooled.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));

    let mut sum = 0;
    let mut ranks = Vec::with_capacity(pooled.len());
    for tied in pooled.chunk_by(|a, b| a.0 == b.0) {
        let last = ranks.len() + tied.len();
        let doubled_mean = ranks.len() + 1 + last;
        sum += doubled_mean * tied.iter().filter(|(_, is_of_few)| *is_of_few).count();
        ranks.resize(last, doubled_mean);
    }
    (sum, ranks)
}

fn exact_p(sum: usize, ranks: &[usize], chosen: usize) -> f64 {
    let null = rank_sum_distribution(ranks, chosen);
    let at_most: f64 = null[..=sum].iter().sum();
    let at_least: f64 = null[sum..].iter().sum();
    (2.0 * at_most.min(at_least)).min(1.0)
}

/// Ties leave the mean unchanged and reduce the variance, to zero if all values are
/// equal.
fn approximate_p(sum: usize, ranks: &[usize], chosen: usize) -> f64 {
    let all = ranks.len() as f64;
    let (few, many) = (chosen as f64, all - chosen as f64);
    let ties: f64 = ranks
        .chunk_by(|a, b| a == b)
        .map(|tied| (tied.len() as f64).powi(3) - tied.len() as f64)
        .sum();
    let variance = few * many / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)));
    // Ranks are doubled; the correction is half a rank.
    let distance = (sum as f64 / 2.0 - few * (all + 1.0) / 2.0).abs() - 0.5;
    if variance > 0.0 {
        two_sided(distance.max(0.0) / variance.sqrt())
    } else {
        1.0
    }
}

/// Returns the probability of each sum of `chosen` of the ranks, with all choices
/// equally likely.
///
/// Takes time proportional to the number of ranks, `chosen` and the largest sum.
fn rank_sum_distribution(ranks: &[usize], chosen: usize) -> Vec<f64> {
    let largest: usize = ranks.iter().rev().take(chosen).sum();
    // `ways[k][sum]`: choices of k of the ranks so far. Whole numbers below 2^53
    // are exact; the largest here, 80 over 40, is 10^23, with negligible error.
    let mut ways = vec![vec![0.0; largest + 1]; chosen + 1];
    ways[0][0] = 1.0;
    for &rank in ranks {
        // Downwards, so that one rank less is still without this rank.
        for k in (1..=chosen).rev() {
            let (less, this) = ways.split_at_mut(k);
            let (less, this) = (&less[k - 1], &mut this[0]);
            for (sum, without) in (rank..=largest).zip(less) {
                this[sum] += without;
            }
        }
    }
    let all: f64 = ways[chosen].iter().sum();
    ways[chosen].iter().map(|ways| ways / all).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::testing::{self, Random, assert_close, assert_interval, assert_share};

    #[test]
    fn unpaired_ratios_agree_with_scipy() {
        for case in testing::cases(include_str!("../../tests/fixtures/stats/unpaired.txt")) {
            let (numerator, denominator) = (case.all("numerator"), case.all("denominator"));
            let ratio = unpaired_ratio(numerator, denominator).unwrap();
            assert_close(ratio.estimate, case.one("estimate"), "estimate");
            assert_interval(ratio.interval, case.all("interval"));
            assert_close(ratio.p_value, case.one("p_value"), "p_value");
            assert_eq!(ratio.samples, [numerator.len(), denominator.len()]);
        }
    }

    #[test]
    fn an_interval_takes_four_against_four_and_is_then_the_whole_range() {
        let (left, right) = ([2.0, 4.0, 8.0, 16.0], [1.0, 0.5, 0.25, 0.125]);
        let three = unpaired_ratio(&left[..3], &right).unwrap();
        assert_eq!(three.interval, None);
        assert_close(three.p_value, 2.0 / 35.0, "p of three against four");
        let four = unpaired_ratio(&left, &right).unwrap();
        assert_interval(four.interval, &[2.0, 128.0]);
        assert_close(four.p_value, 2.0 / 70.0, "p of four against four");
    }

    #[test]
    fn the_smallest_p_is_that_of_sides_that_do_not_meet() {
        for samples in [[1, 1], [4, 4], [3, 9], [8, 12], [12, 8]] {
            let [left, right] = samples.map(|count| (1..=count).map(|n| n as f64));
            let left: Vec<f64> = left.map(|value| value + 100.0).collect();
            let found = unpaired_ratio(&left, &right.collect::<Vec<_>>()).unwrap();
            assert_close(
                smallest_unpaired_p(samples),
                found.p_value,
                "smallest p of sides that do not meet",
            );
        }
        assert_eq!(smallest_unpaired_p([0, 9]), 1.0);
    }

    #[test]
    fn equal_values_have_ratio_one_and_p_one() {
        for count in [1, 5, 50] {
            let side = vec![3.0; count];
            let ratio = unpaired_ratio(&side, &side).unwrap();
            assert_eq!(ratio.estimate, 1.0);
            assert_close(ratio.p_value, 1.0, "p of equal values");
        }
    }

    #[test]
    fn swapped_sides_give_the_reciprocal_and_the_same_p() {
        let seed = 0x5eed_0004;
        let mut random = Random(seed);
        for [left, right] in [[1, 3], [7, 9], [12, 20], [41, 60]] {
            let left: Vec<f64> = (0..left).map(|_| random.exponential()).collect();
            let right: Vec<f64> = (0..right).map(|_| random.exponential()).collect();
            let forth = unpaired_ratio(&left, &right).unwrap();
            let back = unpaired_ratio(&right, &left).unwrap();
            assert_close(back.estimate, 1.0 / forth.estimate, "estimate");
            assert_close(back.p_value, forth.p_value, "p_value");
            let reciprocal = forth.interval.map(|i| vec![1.0 / i.high, 1.0 / i.low]);
            assert_interval(back.interval, &reciprocal.unwrap_or_default());
        }
    }

    #[test]
    fn values_without_a_logarithm_give_none() {
        assert_eq!(unpaired_ratio(&[], &[1.0]), None);
        assert_eq!(unpaired_ratio(&[1.0], &[]), None);
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(unpaired_ratio(&[1.0, bad], &[1.0]), None);
            assert_eq!(unpaired_ratio(&[1.0, 1.0], &[bad]), None);
        }
    }

    /// Of 1, 2, 2, 3 the doubled ranks are 2, 5, 5, 8.
    #[test]
    fn doubled_ranks_share_ties() {
        let (sum, ranks) = doubled_ranks(&[2.0, 3.0], &[1.0, 2.0]);
        assert_eq!((sum, ranks), (13, vec![2, 5, 5, 8]));
    }

    #[test]
    fn the_normal_distribution_takes_over_without_a_step() {
        let ranks: Vec<usize> = (1..=80).map(|rank| 2 * rank).collect();
        for sum in [2_600, 2_800, 3_000, 3_240] {
            let difference = exact_p(sum, &ranks, 40) - approximate_p(sum, &ranks, 40);
            assert!(difference.abs() < 2e-3, "{difference} at {sum}");
        }
        let exact = interval_depth([40, 40]).unwrap();
        let beyond = interval_depth([40, 41]).unwrap();
        assert!((exact..exact + 30).contains(&beyond), "{exact}, {beyond}");
        assert_eq!(interval_depth([1, 5_000]), None);
    }

    /// The coverage is known exactly: `1 - 2 P(U < depth)`, here from the tables of U.
    #[test]
    fn intervals_cover_as_often_as_the_rank_sums_say() {
        const RATIO: f64 = 14.2;
        for (samples, coverage) in [(4, 1.0 - 2.0 / 70.0), (6, 1.0 - 38.0 / 924.0)] {
            let seed = 0x5eed_0005;
            let mut random = Random(seed);
            assert_share(coverage, seed, || {
                let noise = |random: &mut Random| random.exponential().exp();
                let fast: Vec<f64> = (0..samples).map(|_| noise(&mut random)).collect();
                let slow: Vec<f64> = (0..samples).map(|_| RATIO * noise(&mut random)).collect();
                let interval = unpaired_ratio(&slow, &fast).unwrap().interval.unwrap();
                (interval.low..=interval.high).contains(&RATIO)
            });
        }
    }
}
