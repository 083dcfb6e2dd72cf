use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicU64, Ordering};

/// The nearest tokens that were found: the keys of their distances, and their positions.
#[derive(Clone, Debug)]
pub(super) struct Best {
    k: usize,
    heap: BinaryHeap<(u64, u64)>,
}

impl Best {
    pub(super) fn new(k: usize) -> Self {
        Self {
            k,
            heap: BinaryHeap::new(),
        }
    }

    pub(super) fn clear(&mut self) {
        self.heap.clear();
    }

    /// Keeps a token if it is among the nearest.
    #[inline]
    pub(super) fn offer(&mut self, key: u64, position: u64) {
        if self.heap.len() < self.k {
            self.heap.push((key, position));
        } else if let Some(mut last) = self.heap.peek_mut()
            && (key, position) < *last
        {
            *last = (key, position);
        }
    }

    /// Whether a token would be kept.
    #[inline]
    pub(super) fn would_keep(&self, key: u64, position: u64) -> bool {
        self.heap.len() < self.k || self.heap.peek().is_some_and(|last| (key, position) < *last)
    }

    pub(super) fn is_full(&self) -> bool {
        self.heap.len() == self.k
    }

    /// The key of the last of as many as are wanted; `None` as long as there are fewer.
    pub(super) fn last_key(&self) -> Option<u64> {
        let last = self.heap.peek().filter(|_| self.is_full());
        last.map(|(key, _)| *key)
    }

    /// The greatest key with which a token from `position` on can be among the nearest, if
    /// no key above `bound` can; `None` where none can.
    ///
    /// What is as far as the last one and stands behind it is not.
    #[inline]
    pub(super) fn limit(&self, bound: u64, position: u64) -> Option<u64> {
        match self.heap.peek().filter(|_| self.is_full()) {
            Some(&(key, last)) if last < position => Some(bound.min(key.checked_sub(1)?)),
            Some(&(key, _)) => Some(bound.min(key)),
            None => Some(bound),
        }
    }

    /// The pairs, the nearest first.
    pub(super) fn sorted(&self) -> Vec<(u64, u64)> {
        self.heap.clone().into_sorted_vec()
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for &(key, position) in &other.heap {
            self.offer(key, position);
        }
    }
}

/// For each point the greatest key that a neighbour can have, as far as any worker knows.
///
/// A bound is the key of somebody's last one of as many as are wanted, so tokens that are
/// farther are no neighbours, and tokens that are as far may be. Which of them a worker
/// leaves out depends on what others have found; what is left over of all workers does not.
pub(super) struct Bounds(Vec<AtomicU64>);

impl Bounds {
    pub(super) fn new(points: usize) -> Self {
        Self((0..points).map(|_| AtomicU64::new(u64::MAX)).collect())
    }

    #[inline]
    pub(super) fn get(&self, point: usize) -> u64 {
        // A bound that is seen late costs time alone.
        self.0[point].load(Ordering::Relaxed)
    }

    pub(super) fn lower(&self, point: usize, key: Option<u64>) {
        if let Some(key) = key {
            self.0[point].fetch_min(key, Ordering::Relaxed);
        }
    }
}
