use crate::BLOCK_TOKENS;

use super::subject::Operation;

/// SplitMix64 (Steele, Lea and Flood 2014): sufficient for choosing operations.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn operation(&mut self) -> Operation {
        let count = self.count();
        match self.below(8) {
            0 => Operation::Reserve(count),
            1 | 2 => Operation::Append(count),
            3 => Operation::AppendWith(count),
            4 => Operation::AppendHashed(count),
            5 => Operation::AppendPanicking {
                count: count + 1,
                panic_at: self.below(count + 1),
            },
            6 => Operation::ReserveTooMuch,
            _ => Operation::Commit,
        }
    }

    fn count(&mut self) -> usize {
        match self.below(6) {
            0 => 0,
            1 => self.below(4),
            2 => 62 + self.below(4),
            3 => self.below(300),
            4 => BLOCK_TOKENS - 1 + self.below(3),
            _ => self.below(3 * BLOCK_TOKENS),
        }
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
