use std::sync::atomic::{AtomicU64, Ordering};

/// The blocks that any worker looked at.
pub(crate) struct Looked(Vec<AtomicU64>);

impl Looked {
    pub(crate) fn new(blocks: u64) -> Self {
        let words = blocks.div_ceil(64);
        Self((0..words).map(|_| AtomicU64::new(0)).collect())
    }

    pub(crate) fn mark(&self, block: u64) {
        let (word, bit) = (&self.0[(block / 64) as usize], 1 << (block % 64));
        // Most blocks are looked at many times: reads share the cache line, writes do not.
        if word.load(Ordering::Relaxed) & bit == 0 {
            word.fetch_or(bit, Ordering::Relaxed);
        }
    }

    pub(crate) fn count(&self) -> u64 {
        let ones = self
            .0
            .iter()
            .map(|word| word.load(Ordering::Relaxed).count_ones());
        ones.map(u64::from).sum()
    }
}
