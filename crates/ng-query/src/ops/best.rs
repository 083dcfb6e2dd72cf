use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicU64, Ordering};

/// The `k` least of what it was offered, by rank and then by position.
///
/// Which they are does not depend on the order in which they were offered.
pub(crate) struct Best<'b> {
    k: usize,
    /// The greatest on top.
    heap: BinaryHeap<(u64, u64)>,
    bound: &'b Bound,
}

/// A rank that `k` others are known not to exceed: what all workers on one question know.
///
/// Whatever ranks beyond it is not among the best. What has the same rank may be, by its
/// position.
pub(crate) struct Bound(AtomicU64);

impl Bound {
    pub(crate) fn new() -> Self {
        Self(AtomicU64::new(u64::MAX))
    }

    pub(crate) fn get(&self) -> u64 {
        // Nothing else is published by it, and an old value only lets more through.
        self.0.load(Ordering::Relaxed)
    }

    fn lower_to(&self, rank: u64) {
        self.0.fetch_min(rank, Ordering::Relaxed);
    }
}

impl<'b> Best<'b> {
    pub(crate) fn new(k: usize, bound: &'b Bound) -> Self {
        Self {
            k,
            heap: BinaryHeap::new(),
            bound,
        }
    }

    pub(crate) fn offer(&mut self, rank: u64, position: u64) {
        if rank > self.bound.get() {
            return;
        }
        if self.heap.len() == self.k {
            if self
                .heap
                .peek()
                .is_some_and(|worst| (rank, position) >= *worst)
            {
                return;
            }
            self.heap.pop();
        }
        self.heap.push((rank, position));
        if self.heap.len() == self.k
            && let Some((worst, _)) = self.heap.peek()
        {
            self.bound.lower_to(*worst);
        }
    }

    /// The greatest rank with which something from `position` on can be among the best;
    /// `None` where nothing can: what ranks as the worst does and stands behind it is not.
    #[inline]
    pub(crate) fn limit(&self, position: u64) -> Option<u64> {
        let bound = self.bound.get();
        match self.heap.peek().filter(|_| self.heap.len() == self.k) {
            Some(&(worst, last)) if last < position => Some(bound.min(worst.checked_sub(1)?)),
            Some(&(worst, _)) => Some(bound.min(worst)),
            None => Some(bound),
        }
    }

    /// Whether something is among the best so far.
    #[inline]
    pub(crate) fn would_keep(&self, rank: u64, position: u64) -> bool {
        let is_full = self.heap.len() == self.k;
        !is_full
            || self
                .heap
                .peek()
                .is_some_and(|worst| (rank, position) < *worst)
    }

    pub(crate) fn merge(&mut self, other: Self) {
        for (rank, position) in other.heap {
            self.offer(rank, position);
        }
    }

    /// The best, ranks and positions, the least first.
    pub(crate) fn into_sorted(self) -> Vec<(u64, u64)> {
        self.heap.into_sorted_vec()
    }
}
