//! Sums known without reading a token.
//!
//! The id of the token at position `i` is `i as u32`, so ids start again at 0 every 2^32
//! positions. Varied tokens are regenerated.

use ng_synth::Synth;

/// Positions after which ids start again.
const WRAP: u128 = 1 << 32;

/// The sum of the ids of tokens `0..count`.
///
/// Exact up to 2^33 tokens; beyond, the sum wraps at 2^64, as in the scenarios.
#[must_use]
pub fn id_sum(count: u64) -> u64 {
    stride_sum(count, 1)
}

/// The sum of the ids at positions `0, stride, 2 * stride, ...` below `count`,
/// wrapping at 2^64.
///
/// # Panics
/// Panics if `stride` is 0.
#[must_use]
pub fn stride_sum(count: u64, stride: u64) -> u64 {
    let (count, stride) = (u128::from(count), u128::from(stride));
    let mut sum = 0u128;
    let mut first = 0u128;
    // One arithmetic series per pass through the ids.
    while first < count {
        let pass_end = ((first / WRAP + 1) * WRAP).min(count);
        let terms = (pass_end - first).div_ceil(stride);
        sum += terms * (first % WRAP) + stride * (terms * (terms - 1) / 2);
        first += terms * stride;
    }
    sum as u64
}

/// The generator of varied tokens, as in `ng create --like clustered --seed 7`.
pub(crate) fn varied() -> Synth {
    Synth::clustered(7)
}

/// The sum of the ids of the first `count` varied tokens, wrapping at 2^64.
#[must_use]
pub fn varied_id_sum(count: u64) -> u64 {
    let synth = varied();
    let ids = (0..count).map(|index| u64::from(synth.token(index).id().raw()));
    ids.fold(0, u64::wrapping_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sums_of_a_million_are_those_of_the_seed() {
        assert_eq!(id_sum(1_000_000), 499_999_500_000);
        assert_eq!(stride_sum(1_000_000, 10), 49_999_500_000);
    }

    #[test]
    fn small_sums_equal_a_loop() {
        for count in 0..200 {
            for stride in 1..12 {
                let looped: u64 = (0..count).step_by(stride as usize).sum();
                assert_eq!(stride_sum(count, stride), looped, "{count} by {stride}");
            }
        }
    }

    #[test]
    fn ids_start_again_after_two_to_the_32() {
        let wrap = 1u64 << 32;
        assert_eq!(id_sum(wrap + 3), id_sum(wrap) + 3);
        // The first multiple of 10 after the wrap is 2^32 + 4.
        assert_eq!(stride_sum(wrap + 5, 10), stride_sum(wrap, 10) + 4);
    }
}
