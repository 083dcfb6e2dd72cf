/// How many runs of bits are moved on their own.
const RUNS: usize = 3;

/// Keeps the bits in which keys differ, closer together; the order of the keys stays.
///
/// Bits equal in all keys may stay among them if there are many runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Squeeze {
    runs: [Run; RUNS],
    bits: u32,
}

/// Adjacent bits that are moved together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Run {
    from: u32,
    mask: u64,
    to: u32,
}

impl Squeeze {
    /// Keeps at least the bits of `varying`.
    pub(super) fn of(varying: u64) -> Self {
        let mut squeeze = Self {
            runs: [Run::default(); RUNS],
            bits: 0,
        };
        for (run, (from, len)) in squeeze.runs.iter_mut().zip(few_runs(varying)) {
            *run = Run {
                from,
                mask: u64::MAX >> (u64::BITS - len),
                to: squeeze.bits,
            };
            squeeze.bits += len;
        }
        squeeze
    }

    /// Returns how many bits are kept.
    pub(super) fn bits(&self) -> u32 {
        self.bits
    }

    #[inline(always)]
    pub(super) fn apply(&self, key: u64) -> u64 {
        let moved = self.runs.map(|run| (key >> run.from & run.mask) << run.to);
        moved.into_iter().fold(0, |squeezed, run| squeezed | run)
    }
}

/// Returns the runs of ones from the lowest, as start and length: the nearest runs are joined until
/// there are few.
fn few_runs(varying: u64) -> Vec<(u32, u32)> {
    let mut runs = runs_of(varying);
    while runs.len() > RUNS {
        let gap = |at: usize| runs[at + 1].0 - (runs[at].0 + runs[at].1);
        let nearest = (0..runs.len() - 1).min_by_key(|&at| gap(at));
        let left = nearest.unwrap_or_default();
        let (begin, len) = runs.remove(left + 1);
        runs[left].1 = begin + len - runs[left].0;
    }
    runs
}

fn runs_of(mut bits: u64) -> Vec<(u32, u32)> {
    let mut runs = Vec::new();
    while bits != 0 {
        let begin = bits.trailing_zeros();
        let len = (bits >> begin).trailing_ones();
        runs.push((begin, len));
        bits &= !(u64::MAX >> (u64::BITS - len) << begin);
    }
    runs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_differs_stays_and_little_else() {
        for (varying, bits) in [
            (0, 0),
            (u64::MAX, 64),
            (1 << 63, 1),
            (0xff00_00ff, 16),
            (0xf0f0_0000_0000_00f0, 12),
            // Five runs: the two with the least between them are joined, twice.
            (0x8001_0101_0000_0005, 1 + 17 + 3),
        ] {
            assert_eq!(Squeeze::of(varying).bits(), bits, "{varying:#x}");
        }
    }

    proptest! {
        #[test]
        fn the_order_of_keys_stays(
            varying: u64,
            sparse: u64,
            base: u64,
            keys in prop::collection::vec(any::<u64>(), 2..20),
        ) {
            for mask in [varying, varying & sparse, varying & sparse & sparse.rotate_left(7)] {
                let keys: Vec<_> = keys.iter().map(|key| base ^ key & mask).collect();
                let squeeze = Squeeze::of(mask);
                prop_assert!(squeeze.bits() >= mask.count_ones());
                for (left, right) in keys.iter().zip(&keys[1..]) {
                    let squeezed = squeeze.apply(*left).cmp(&squeeze.apply(*right));
                    prop_assert_eq!(squeezed, left.cmp(right));
                    prop_assert!(u128::from(squeeze.apply(*left)) >> squeeze.bits() == 0);
                }
            }
        }
    }
}
