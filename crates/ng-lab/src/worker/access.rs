//! Evidence of an access pattern, computed from the positions that were read.
//!
//! The seed's "random access" was a walk in strides of ten. A scenario that claims a
//! pattern passes the order it used, and the order is checked against the claim.

use std::collections::HashMap;

use crate::model::{AccessEvidence, Pattern};

/// Distinct distances counted; once full, further new ones are ignored.
const STRIDES_KEPT: usize = 1 << 16;

impl AccessEvidence {
    /// Analyses `order`: positions among `records` records of `record_bytes` bytes. Costs
    /// up to a hash-table look-up per read, outside timed code. (A `dyn` iterator, so
    /// that a debug worker runs the lab's optimised code and not a debug copy of it.)
    #[must_use]
    pub fn of(
        claimed: Pattern,
        order: &mut dyn Iterator<Item = u64>,
        records: u64,
        record_bytes: u64,
    ) -> Self {
        let mut lines = vec![0u64; ((records * record_bytes).div_ceil(64)).div_ceil(64) as usize];
        let mut strides = Strides::default();
        let (mut reads, mut same_page, mut distinct_lines) = (0u64, 0u64, 0u64);
        let mut previous: Option<u64> = None;
        for position in order {
            let byte = position * record_bytes;
            let (word, bit) = ((byte / 4096) as usize, 1 << (byte / 64 % 64));
            if lines[word] & bit == 0 {
                lines[word] |= bit;
                distinct_lines += 1;
            }
            if let Some(previous) = previous {
                strides.count(position as i64 - previous as i64);
                same_page += u64::from(byte / 4096 == previous * record_bytes / 4096);
            }
            previous = Some(position);
            reads += 1;
        }
        let (main_stride, count) = strides.most_frequent();
        let steps = reads.saturating_sub(1).max(1) as f64;
        Self {
            claimed,
            reads,
            records,
            distinct_lines,
            same_page_share: same_page as f64 / steps,
            main_stride,
            main_stride_share: count as f64 / steps,
        }
    }

    /// Why the order does not match the claim, if it does not.
    #[must_use]
    pub fn mismatch(&self) -> Option<String> {
        match self.claimed {
            Pattern::Sequential => self.not_a_stride(1),
            Pattern::Stride(stride) => self.not_a_stride(stride as i64),
            Pattern::Random => self.not_random(),
        }
    }

    fn not_a_stride(&self, stride: i64) -> Option<String> {
        let holds = self.reads < 2 || (self.main_stride == stride && self.main_stride_share > 0.99);
        (!holds).then(|| {
            format!(
                "claimed a stride of {stride}, but {:.0} % of the steps are {}",
                self.main_stride_share * 100.0,
                self.main_stride
            )
        })
    }

    /// The bounds are those of uniform draws with replacement, with a margin for chance.
    /// Fewer than 100 reads prove too little to judge.
    fn not_random(&self) -> Option<String> {
        if self.reads < 100 {
            return None;
        }
        let (reads, records) = (self.reads as f64, self.records as f64);
        let steps = reads - 1.0;
        if self.main_stride_share > 1.0 / records + 0.05 {
            return Some(format!(
                "claimed random, but {:.0} % of the steps are {}",
                self.main_stride_share * 100.0,
                self.main_stride
            ));
        }
        let expected_page = (1.0 / (records / 64.0)).min(1.0);
        let chance = 5.0 * (expected_page * (1.0 - expected_page) / steps).sqrt() + 0.01;
        if self.same_page_share > expected_page + chance {
            return Some(format!(
                "claimed random, but {:.1} % of the reads stay on the page before, expected {:.1} %",
                self.same_page_share * 100.0,
                expected_page * 100.0
            ));
        }
        let expected_lines = records * -(-reads / records).exp_m1();
        if (self.distinct_lines as f64) < 0.95 * expected_lines {
            return Some(format!(
                "claimed random, but only {} lines were read, expected {expected_lines:.0}",
                self.distinct_lines
            ));
        }
        None
    }
}

/// How often each distance occurs. A run of equal distances is added at once.
#[derive(Default)]
struct Strides {
    counts: HashMap<i64, u64>,
    run: (i64, u64),
}

impl Strides {
    fn count(&mut self, stride: i64) {
        if stride != self.run.0 {
            self.end_run();
            self.run.0 = stride;
        }
        self.run.1 += 1;
    }

    fn end_run(&mut self) {
        let (stride, length) = std::mem::take(&mut self.run);
        if length == 0 {
            return;
        }
        let room = self.counts.len() < STRIDES_KEPT;
        match self.counts.get_mut(&stride) {
            Some(count) => *count += length,
            None if room => drop(self.counts.insert(stride, length)),
            None => {}
        }
    }

    /// Ties go to the smallest distance, so that the same order gives the same evidence.
    fn most_frequent(mut self) -> (i64, u64) {
        self.end_run();
        self.counts
            .into_iter()
            .max_by_key(|(stride, count)| (*count, std::cmp::Reverse(*stride)))
            .unwrap_or((0, 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::rng::SplitMix64;

    fn evidence(claimed: Pattern, order: &[u64], records: u64) -> AccessEvidence {
        AccessEvidence::of(claimed, &mut order.iter().copied(), records, 64)
    }

    fn random_order(reads: usize, records: u64) -> Vec<u64> {
        let mut rng = SplitMix64::new(1);
        (0..reads).map(|_| rng.below(records)).collect()
    }

    #[test]
    fn a_true_claim_stands() {
        let walk: Vec<u64> = (0..10_000).collect();
        let tens: Vec<u64> = (0..10_000).step_by(10).collect();
        for (claimed, order) in [
            (Pattern::Sequential, walk),
            (Pattern::Stride(10), tens),
            (Pattern::Random, random_order(1000, 10_000)),
            (Pattern::Random, random_order(10_000, 100)),
        ] {
            let records = if order.len() == 10_000 && claimed == Pattern::Random {
                100
            } else {
                10_000
            };
            assert_eq!(evidence(claimed, &order, records).mismatch(), None);
        }
    }

    #[test]
    fn a_stride_claimed_as_random_is_named() {
        let tens: Vec<u64> = (0..10_000).step_by(10).collect();
        let reason = evidence(Pattern::Random, &tens, 10_000).mismatch().unwrap();
        assert_eq!(reason, "claimed random, but 100 % of the steps are 10");
    }

    #[test]
    fn random_reads_of_a_corner_are_named() {
        let corner = random_order(10_000, 1000);
        let reason = evidence(Pattern::Random, &corner, 1_000_000).mismatch();
        assert!(reason.unwrap().contains("stay on the page before"));
        let spread: Vec<u64> = corner.iter().map(|at| at * 1000).collect();
        let reason = evidence(Pattern::Random, &spread, 1_000_000).mismatch();
        assert!(reason.unwrap().contains("lines were read"));
    }

    #[test]
    fn random_claimed_as_sequential_is_named() {
        let order = random_order(1000, 10_000);
        assert!(
            evidence(Pattern::Sequential, &order, 10_000)
                .mismatch()
                .is_some()
        );
    }

    #[test]
    fn lines_and_pages_are_counted_in_bytes() {
        let evidence = evidence(Pattern::Sequential, &[0, 1, 1, 63, 64], 128);
        assert_eq!(evidence.distinct_lines, 4);
        assert_eq!(evidence.same_page_share, 0.75);
    }
}
