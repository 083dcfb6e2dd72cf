//! The ratio of two sides that were measured in pairs.

use super::interval::{Interval, MISS, deepest};
use super::normal::{point, two_sided};
use super::order::{sorted_finite, sorted_median};

/// Up to here the signed-rank distribution is exact, beyond it is normal.
const EXACT_PAIRS: usize = 60;

/// How many times the numerator is the denominator, over all pairs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairedRatio {
    /// The Hodges-Lehmann estimate: above 1 the numerator is the larger.
    pub estimate: f64,
    /// The signed-rank interval of the ratio at 95 %; `None` under six pairs.
    pub interval: Option<Interval>,
    /// How many pairs there were, equal ones included.
    pub pairs: usize,
    /// The two-sided signed-rank p of "the ratio is 1"; `None` if both sides are
    /// equal in every pair, which leaves nothing to rank.
    pub p_value: Option<f64>,
}

/// Estimates the ratio of two sides from pairs, `numerator[i]` with `denominator[i]`.
///
/// The work is done on log ratios, so that swapping the sides gives the reciprocal.
/// They are taken to be independent and symmetric about their median.
///
/// - The estimate is the median of the Walsh averages, the means of all pairs of
///   log ratios, each with itself too (Hodges and Lehmann, 1963).
/// - The interval lies between two of the Walsh averages, at the depth the
///   signed-rank distribution without ties gives (Tukey, 1949). Ties make it cover
///   more often, never less.
/// - The p-value drops pairs that are equal, as Wilcoxon did (1945), and gives tied
///   sizes their mean rank. The interval keeps equal pairs, so next to p = 0.05
///   the two may differ.
///
/// Up to 60 pairs both rest on exact distributions, the p-value on that of the very
/// ranks, tied or not; above, on the normal one with continuity correction.
///
/// `None` if there are no pairs or any value is not a positive finite number.
/// Takes time and memory in the square of the number of pairs.
///
/// # Panics
///
/// If the sides differ in length.
pub fn paired_ratio(numerator: &[f64], denominator: &[f64]) -> Option<PairedRatio> {
    paired_ratio_at(MISS, numerator, denominator)
}

/// Returns the same, with an interval that misses with probability `miss` instead of 5 %.
pub(crate) fn paired_ratio_at(
    miss: f64,
    numerator: &[f64],
    denominator: &[f64],
) -> Option<PairedRatio> {
    let log_ratios = log_ratios(numerator, denominator);
    // A value that is not positive and finite has no finite logarithm, nor have its averages.
    let averages = sorted_finite(&walsh_averages(&log_ratios))?;
    let interval = interval_depth(log_ratios.len(), miss).map(|depth| {
        let logs = Interval::at_depth(&averages, depth);
        Interval {
            low: logs.low.exp(),
            high: logs.high.exp(),
        }
    });
    Some(PairedRatio {
        estimate: sorted_median(&averages).exp(),
        interval,
        pairs: log_ratios.len(),
        p_value: signed_rank_p(&log_ratios),
    })
}

/// Returns `ln(numerator / denominator)` by pair, as a difference of logarithms:
/// so swapping the sides changes the sign and nothing else.
fn log_ratios(numerator: &[f64], denominator: &[f64]) -> Vec<f64> {
    assert_eq!(
        numerator.len(),
        denominator.len(),
        "numerators and denominators make pairs"
    );
    numerator
        .iter()
        .zip(denominator)
        .map(|(&over, &under)| over.ln() - under.ln())
        .collect()
}

fn walsh_averages(values: &[f64]) -> Vec<f64> {
    let mut averages = Vec::with_capacity(values.len() * (values.len() + 1) / 2);
    for (index, &left) in values.iter().enumerate() {
        averages.extend(values[index..].iter().map(|&right| left.midpoint(right)));
    }
    averages
}

/// Returns the depth, among the sorted Walsh averages, of the interval that misses with
/// probability `miss`.
fn interval_depth(pairs: usize, miss: f64) -> Option<usize> {
    if pairs <= EXACT_PAIRS {
        let ranks: Vec<usize> = (1..=pairs).collect();
        return deepest(&rank_sum_distribution(&ranks), miss);
    }
    let n = pairs as f64;
    let mean = n * (n + 1.0) / 4.0;
    let deviation = (n * (n + 1.0) * (2.0 * n + 1.0) / 24.0).sqrt();
    let depth = mean + 0.5 - point(miss) * deviation;
    (depth >= 1.0).then_some(depth as usize)
}

/// Returns the two-sided p of the signed-rank test that the median is zero.
fn signed_rank_p(differences: &[f64]) -> Option<f64> {
    let (positive, ranks) = doubled_ranks(differences);
    if ranks.is_empty() {
        return None;
    }
    Some(if ranks.len() <= EXACT_PAIRS {
        exact_p(positive, &ranks)
    } else {
        approximate_p(positive, &ranks)
    })
}

/// Ranks the differences other than zero by size, and sums the ranks of the positive.
///
/// All ranks are doubled, because the mean rank of a tie may end in a half.
fn doubled_ranks(differences: &[f64]) -> (usize, Vec<usize>) {
    let mut nonzero: Vec<f64> = differences.to_vec();
    nonzero.retain(|&difference| difference != 0.0);
    nonzero.sort_unstable_by(|a, b| a.abs().total_cmp(&b.abs()));

    let mut positive = 0;
    let mut ranks = Vec::with_capacity(nonzero.len());
    for tied in nonzero.chunk_by(|a, b| a.abs() == b.abs()) {
        let first = ranks.len() + 1;
        let last = ranks.len() + tied.len();
        let doubled_mean = first + last;
        positive += doubled_mean * tied.iter().filter(|&&difference| difference > 0.0).count();
        ranks.resize(last, doubled_mean);
    }
    (positive, ranks)
}

fn exact_p(positive: usize, ranks: &[usize]) -> f64 {
    let null = rank_sum_distribution(ranks);
    let at_most: f64 = null[..=positive].iter().sum();
    let at_least: f64 = null[positive..].iter().sum();
    (2.0 * at_most.min(at_least)).min(1.0)
}

fn approximate_p(positive: usize, ranks: &[usize]) -> f64 {
    let mean = ranks.iter().sum::<usize>() as f64 / 2.0;
    let variance = ranks.iter().map(|&rank| (rank as f64).powi(2)).sum::<f64>() / 4.0;
    // The correction is half a rank, and ranks are doubled.
    let distance = ((positive as f64 - mean).abs() - 1.0).max(0.0);
    two_sided(distance / variance.sqrt())
}

/// Returns the probability of each sum of the positive ranks, if each rank is
/// positive with probability one half.
///
/// Takes time in the number of ranks times their sum.
fn rank_sum_distribution(ranks: &[usize]) -> Vec<f64> {
    let mut probabilities = vec![0.0; ranks.iter().sum::<usize>() + 1];
    probabilities[0] = 1.0;
    let mut largest = 0;
    for &rank in ranks {
        largest += rank;
        // Downwards, so that `sum - rank` is still without this rank.
        for sum in (0..=largest).rev() {
            let without = sum
                .checked_sub(rank)
                .map_or(0.0, |rest| probabilities[rest]);
            probabilities[sum] = f64::midpoint(probabilities[sum], without);
        }
    }
    probabilities
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::testing::{self, Random, assert_close, assert_interval, assert_share};

    #[test]
    fn paired_ratios_agree_with_scipy() {
        for case in testing::cases(include_str!("../../tests/fixtures/stats/paired.txt")) {
            let denominator = case.all("denominator");
            let ratio = paired_ratio(case.all("numerator"), denominator).unwrap();
            assert_close(ratio.estimate, case.one("estimate"), "estimate");
            assert_interval(ratio.interval, case.all("interval"));
            assert_close(ratio.p_value.unwrap(), case.one("p_value"), "p_value");
            assert_eq!(ratio.pairs, denominator.len());
        }
    }

    #[test]
    fn an_interval_takes_six_pairs_and_is_then_the_whole_range() {
        let numerator = [6.0, 2.0, 5.0, 4.0, 3.0, 7.0];
        let five = paired_ratio(&numerator[..5], &[1.0; 5]).unwrap();
        assert_eq!(five.interval, None);
        assert_close(five.p_value.unwrap(), 2.0 / 32.0, "p of five");
        let six = paired_ratio(&numerator, &[1.0; 6]).unwrap();
        assert_interval(six.interval, &[2.0, 7.0]);
        assert_close(six.p_value.unwrap(), 2.0 / 64.0, "p of six");
    }

    #[test]
    fn equal_sides_have_ratio_one_and_no_p() {
        let side = [3.0, 1.0, 4.0, 1.5, 9.0, 2.6];
        let ratio = paired_ratio(&side, &side).unwrap();
        assert_eq!((ratio.estimate, ratio.p_value), (1.0, None));
        assert_interval(ratio.interval, &[1.0, 1.0]);
    }

    #[test]
    fn swapped_sides_give_the_reciprocal_and_the_same_p() {
        let seed = 0x5eed_0002;
        let mut random = Random(seed);
        for pairs in [1, 7, 20, 61] {
            let left: Vec<f64> = (0..pairs).map(|_| random.exponential()).collect();
            let right: Vec<f64> = (0..pairs).map(|_| random.exponential()).collect();
            let forth = paired_ratio(&left, &right).unwrap();
            let back = paired_ratio(&right, &left).unwrap();
            assert_close(back.estimate, 1.0 / forth.estimate, "estimate");
            assert_close(back.p_value.unwrap(), forth.p_value.unwrap(), "p_value");
            let reciprocal = forth.interval.map(|i| vec![1.0 / i.high, 1.0 / i.low]);
            assert_interval(back.interval, &reciprocal.unwrap_or_default());
        }
    }

    #[test]
    fn values_without_a_logarithm_give_none() {
        assert_eq!(paired_ratio(&[], &[]), None);
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(paired_ratio(&[1.0, bad], &[1.0, 1.0]), None);
            assert_eq!(paired_ratio(&[1.0, 1.0], &[1.0, bad]), None);
        }
    }

    #[test]
    #[should_panic(expected = "numerators and denominators make pairs")]
    fn sides_of_different_length_panic() {
        paired_ratio(&[1.0, 2.0], &[1.0]);
    }

    /// Tied sizes share their mean rank: of 1, 2, 2, 3 the doubled ranks are 2, 5, 5, 8.
    #[test]
    fn doubled_ranks_drop_zeros_and_share_ties() {
        let (positive, ranks) = doubled_ranks(&[-2.0, 0.0, 3.0, 2.0, -0.0, -1.0]);
        assert_eq!((positive, ranks), (13, vec![2, 5, 5, 8]));
    }

    #[test]
    fn the_normal_distribution_takes_over_without_a_step() {
        let ranks: Vec<usize> = (1..=EXACT_PAIRS).map(|rank| 2 * rank).collect();
        for positive in [1_000, 1_200, 1_400, 1_830] {
            let difference = exact_p(positive, &ranks) - approximate_p(positive, &ranks);
            assert!(difference.abs() < 1e-3, "{difference} at {positive}");
        }
        let exact = interval_depth(EXACT_PAIRS, MISS).unwrap();
        let beyond = interval_depth(EXACT_PAIRS + 1, MISS).unwrap();
        assert!((exact..exact + 30).contains(&beyond), "{exact}, {beyond}");
    }

    /// The coverage is known exactly: `1 - 2 P(T < depth)`, here from the tables of T.
    #[test]
    fn intervals_cover_as_often_as_the_signed_ranks_say() {
        const RATIO: f64 = 14.2;
        for (pairs, coverage) in [(6, 1.0 - 2.0 / 64.0), (8, 1.0 - 10.0 / 256.0)] {
            let seed = 0x5eed_0003;
            let mut random = Random(seed);
            assert_share(coverage, seed, || {
                let noise = |random: &mut Random| random.exponential().exp();
                let fast: Vec<f64> = (0..pairs).map(|_| noise(&mut random)).collect();
                let slow: Vec<f64> = (0..pairs).map(|_| RATIO * noise(&mut random)).collect();
                let interval = paired_ratio(&slow, &fast).unwrap().interval.unwrap();
                (interval.low..=interval.high).contains(&RATIO)
            });
        }
    }
}
