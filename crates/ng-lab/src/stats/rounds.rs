//! How many rounds it takes until a difference can count.

use crate::stats::smallest_unpaired_p;

/// Below this adjusted p a difference counts.
pub(crate) const ALPHA: f64 = 0.05;

/// Fewer samples say nothing, however few the comparisons are.
pub(super) const MIN_SAMPLES: usize = 8;

/// More rounds cannot be asked for.
const MAX_ROUNDS: u32 = 1000;

/// The fewest rounds after which the smallest p of paired tests counts: each of
/// `n` pairs has a sign, and all being equal has p = 2 / 2^n.
pub(crate) fn paired_rounds(tests: usize) -> u32 {
    fewest(|rounds| can_tell(tests, [rounds; 2], smallest_paired_p(rounds)))
}

/// The same where the other side has `then` samples already. If they are too few
/// for any number of rounds, the fewest that are ever enough.
pub(crate) fn unpaired_rounds(tests: usize, then: usize) -> u32 {
    fewest(|rounds| {
        let samples = [then, rounds];
        can_tell(tests, samples, smallest_unpaired_p(samples))
    })
}

fn fewest(enough: impl Fn(usize) -> bool) -> u32 {
    let rounds = (MIN_SAMPLES as u32..=MAX_ROUNDS).find(|rounds| enough(*rounds as usize));
    rounds.unwrap_or(MIN_SAMPLES as u32)
}

/// Whether a difference that all samples show has a p that counts among `tests`.
pub(crate) fn can_tell(tests: usize, samples: [usize; 2], smallest_p: f64) -> bool {
    samples.into_iter().all(|count| count >= MIN_SAMPLES) && tests as f64 * smallest_p < ALPHA
}

/// The smallest p of so many pairs.
pub(crate) fn smallest_paired_p(pairs: usize) -> f64 {
    0.5f64.powi(pairs as i32 - 1)
}
