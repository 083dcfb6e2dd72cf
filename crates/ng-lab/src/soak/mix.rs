//! Chooses the kind of the next operation.

use crate::soak::Kind;
use crate::stats::rng::SplitMix64;

/// Kinds in random order, in proportion to their weights.
#[derive(Clone, Debug)]
pub(super) struct Mix {
    /// Cumulative sums of the weights.
    sums: Vec<u64>,
    rng: SplitMix64,
}

impl Mix {
    /// # Panics
    /// Panics if no kind has a weight.
    pub(super) fn new(kinds: &[Kind], seed: u64) -> Self {
        let mut sum = 0;
        let sums: Vec<u64> = kinds
            .iter()
            .map(|kind| {
                sum += u64::from(kind.weight);
                sum
            })
            .collect();
        assert!(
            sum > 0,
            "{} kinds of operations without weight",
            kinds.len()
        );
        Self {
            sums,
            rng: SplitMix64::new(seed),
        }
    }

    /// The index of the next kind.
    pub(super) fn next(&mut self) -> usize {
        let total = self.sums.last().copied().unwrap_or(0);
        let place = self.rng.below(total);
        self.sums.partition_point(|sum| *sum <= place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(weight: u32) -> Kind {
        Kind {
            name: "some",
            about: "",
            weight,
        }
    }

    #[test]
    fn kinds_come_as_often_as_their_weights_say_and_the_same_for_one_seed() {
        let kinds = [kind(90), kind(0), kind(9), kind(1)];
        let order = |seed| {
            let mut mix = Mix::new(&kinds, seed);
            (0..100_000).map(|_| mix.next()).collect::<Vec<usize>>()
        };
        let first = order(7);
        assert_eq!(first, order(7));
        assert_ne!(first, order(8));
        for (index, kind) in kinds.iter().enumerate() {
            let found = first.iter().filter(|found| **found == index).count() as f64;
            let expected = f64::from(kind.weight) * 1000.0;
            // Four standard deviations.
            let allowed = 4.0 * expected.sqrt();
            assert!((found - expected).abs() <= allowed, "{index}: {found}");
        }
    }

    #[test]
    #[should_panic(expected = "1 kinds of operations without weight")]
    fn weights_of_nothing_are_refused() {
        Mix::new(&[kind(0)], 1);
    }
}
