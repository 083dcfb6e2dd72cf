//! Random words as a function of a seed and an index.

/// A sequence of draws: SplitMix64 (Steele, Lea and Flood, OOPSLA 2014) chooses its start,
/// and each word is from wyrand (Wang Yi, public domain): an addition and one wide
/// multiplication.
pub(crate) struct Draws(u64);

/// The golden ratio's 64 bits, SplitMix64's step.
const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;
/// wyrand's two constants.
const STEP: u64 = 0xA076_1D64_78BD_642F;
const FOLD: u64 = 0xE703_7ED1_A0B4_28DB;

impl Draws {
    /// Starts the sequence of an index in a stream.
    #[inline]
    pub(crate) const fn at(stream: u64, index: u64) -> Self {
        Self(mix(stream.wrapping_add(index.wrapping_mul(GAMMA))))
    }

    /// Returns the next 64 bits.
    #[inline]
    pub(crate) const fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        let product = self.0 as u128 * (self.0 ^ FOLD) as u128;
        (product >> 64) as u64 ^ product as u64
    }

    /// Returns the next 64 bits as four draws of 16.
    #[inline]
    pub(crate) const fn lanes(&mut self) -> [u16; 4] {
        let word = self.word();
        [
            word as u16,
            (word >> 16) as u16,
            (word >> 32) as u16,
            (word >> 48) as u16,
        ]
    }
}

/// The finaliser of SplitMix64: a bijection that spreads every input bit.
#[inline]
pub(crate) const fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_finaliser_is_the_published_one() {
        // First outputs for seed 1234567, from the reference C program by Vigna.
        assert_eq!(mix(1_234_567 + GAMMA), 6_457_827_717_110_365_317);
    }

    #[test]
    fn every_bit_of_a_word_is_set_in_half_of_them() {
        let mut set = [0_u32; 64];
        for index in 0..4_000 {
            let mut draws = Draws::at(1, index);
            for word in [draws.word(), draws.word(), draws.word()] {
                for (bit, count) in set.iter_mut().enumerate() {
                    *count += (word >> bit) as u32 & 1;
                }
            }
        }
        // Six standard deviations of 12,000 coin tosses.
        assert!(
            set.iter().all(|count| (5_671..=6_329).contains(count)),
            "{set:?}"
        );
    }
}
