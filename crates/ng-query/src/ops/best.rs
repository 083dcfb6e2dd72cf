use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::QueryError;
use crate::memory::{Refused, refused, spare};
use crate::scan::Stop;

/// A rank and a position.
type Entry = (u64, u64);

/// A heap of up to this size fits the L1 cache, and narrows at once. In a larger heap most steps
/// from the top to a leaf wait for memory.
const MOST_IN_HEAP: usize = 1024;

/// The initial capacity of a buffer.
const FIRST_ROOM: usize = 1024;

/// How many entries are merged or sorted between two checks of the stop flag.
const PIECE: usize = 1 << 16;

/// The `k` least of the entries offered, by rank and then by position.
///
/// The result does not depend on the order of the offers. If `k` is large, an offer costs a few
/// comparisons on average; memory never holds more than twice `k` entries.
pub(crate) struct Best<'b> {
    k: usize,
    kept: Kept,
    /// A rank that `k` kept entries do not exceed; `None` while there are fewer.
    worst: Option<Entry>,
    /// How many entries memory was refused for, after which nothing is kept; or 0.
    refused: usize,
    bound: &'b Bound,
}

enum Kept {
    /// The greatest on top.
    Heap(BinaryHeap<Entry>),
    /// In any order, at times more than `k`.
    Buffer(Vec<Entry>),
}

/// A rank that `k` entries are known not to exceed, shared by all workers on one question.
///
/// An entry of a higher rank is not among the best. One of the same rank may be, by its position.
pub(crate) struct Bound(AtomicU64);

impl Bound {
    pub(crate) fn new() -> Self {
        Self(AtomicU64::new(u64::MAX))
    }

    pub(crate) fn get(&self) -> u64 {
        // Nothing else is published with it, and an old value only lets more through.
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
            kept: match k <= MOST_IN_HEAP {
                true => Kept::Heap(BinaryHeap::new()),
                false => Kept::Buffer(Vec::new()),
            },
            worst: None,
            refused: 0,
            bound,
        }
    }

    #[inline]
    pub(crate) fn offer(&mut self, rank: u64, position: u64) {
        if rank <= self.bound.get() && self.would_keep(rank, position) {
            self.keep((rank, position));
        }
    }

    /// The greatest rank with which an entry from `position` on can be among the best; `None` if
    /// none can: an entry that ranks as the worst does and comes after it is out.
    #[inline]
    pub(crate) fn limit(&self, position: u64) -> Option<u64> {
        let bound = self.bound.get();
        match self.worst {
            Some((worst, last)) if last < position => Some(bound.min(worst.checked_sub(1)?)),
            Some((worst, _)) => Some(bound.min(worst)),
            None => Some(bound),
        }
    }

    /// Whether something may be among the best so far.
    #[inline]
    pub(crate) fn would_keep(&self, rank: u64, position: u64) -> bool {
        self.worst.is_none_or(|worst| (rank, position) < worst)
    }

    fn keep(&mut self, entry: Entry) {
        if self.refused > 0 {
            return;
        }
        let worst = match &mut self.kept {
            Kept::Heap(heap) => keep_in_heap(heap, self.k, entry),
            Kept::Buffer(buffer) => keep_in_buffer(buffer, self.k, entry),
        };
        match worst {
            Ok(Some(worst)) => {
                self.worst = Some(worst);
                self.bound.lower_to(worst.0);
            }
            Ok(None) => {}
            Err(_) => self.refuse(),
        }
    }

    /// The kept entries are useless now, but their memory may be needed.
    #[cold]
    fn refuse(&mut self) {
        let kept = std::mem::replace(&mut self.kept, Kept::Buffer(Vec::new()));
        self.refused = kept.into_entries().len() + 1;
    }

    /// Fails if an entry was not kept for lack of memory.
    pub(crate) fn check(&self) -> Result<(), QueryError> {
        match self.refused {
            0 => Ok(()),
            entries => Err(refused::<Entry>(entries, "the best of the tokens")),
        }
    }

    pub(crate) fn merge(&mut self, other: Self, stop: &Stop) -> Result<(), QueryError> {
        other.check()?;
        for piece in other.kept.into_entries().chunks(PIECE) {
            stop.check()?;
            for &(rank, position) in piece {
                self.offer(rank, position);
            }
        }
        self.check()
    }

    /// The best of all workers, ranks and positions, in any order.
    pub(crate) fn of_all(
        workers: impl IntoIterator<Item = Self>,
        stop: &Stop,
    ) -> Result<Vec<(u64, u64)>, QueryError> {
        let mut workers = workers.into_iter();
        let Some(mut best) = workers.next() else {
            return Ok(Vec::new());
        };
        for worker in workers {
            best.merge(worker, stop)?;
        }
        best.into_entries()
    }

    fn into_entries(self) -> Result<Vec<Entry>, QueryError> {
        self.check()?;
        let mut entries = self.kept.into_entries();
        thin_out(&mut entries, self.k);
        Ok(entries)
    }

    /// The best, as ranks and positions, least first.
    pub(crate) fn into_sorted(self, stop: &Stop) -> Result<Vec<(u64, u64)>, QueryError> {
        let mut entries = self.into_entries()?;
        sort(&mut entries, stop)?;
        Ok(entries)
    }
}

impl Kept {
    fn into_entries(self) -> Vec<Entry> {
        match self {
            Self::Heap(heap) => heap.into_vec(),
            Self::Buffer(buffer) => buffer,
        }
    }
}

/// Returns the worst of `k`, if there are that many.
fn keep_in_heap(
    heap: &mut BinaryHeap<Entry>,
    k: usize,
    entry: Entry,
) -> Result<Option<Entry>, Refused> {
    if heap.len() < k {
        if heap.len() == heap.capacity() {
            spare()?;
            heap.try_reserve(1)?;
        }
        heap.push(entry);
    } else if let Some(mut worst) = heap.peek_mut() {
        *worst = entry;
    }
    Ok(heap.peek().copied().filter(|_| heap.len() == k))
}

/// Returns a rank that `k` entries do not exceed, if it has decreased. Each time it drops half of a
/// full buffer, which costs a few comparisons for each entry that came since.
fn keep_in_buffer(
    buffer: &mut Vec<Entry>,
    k: usize,
    entry: Entry,
) -> Result<Option<Entry>, Refused> {
    if buffer.len() == buffer.capacity() {
        let most = k.saturating_mul(2) - buffer.len();
        buffer.try_reserve_exact(buffer.len().max(FIRST_ROOM).min(most))?;
    }
    buffer.push(entry);
    Ok(match buffer.len() {
        len if len == k => buffer.iter().max().copied(),
        len if len / 2 == k => thin_out(buffer, k),
        _ => None,
    })
}

/// Keeps the `k` least, and returns the worst of them.
fn thin_out(entries: &mut Vec<Entry>, k: usize) -> Option<Entry> {
    if entries.len() <= k {
        return None;
    }
    let (_, &mut worst, _) = entries.select_nth_unstable(k - 1);
    entries.truncate(k);
    Some(worst)
}

/// Sorts in place, half by half if large: a sort never checks a flag.
pub(crate) fn sort<T: Ord>(values: &mut [T], stop: &Stop) -> Result<(), QueryError> {
    stop.check()?;
    if values.len() <= PIECE {
        values.sort_unstable();
        return Ok(());
    }
    let (lower, _, upper) = values.select_nth_unstable(values.len() / 2);
    sort(lower, stop)?;
    sort(upper, stop)
}

#[cfg(test)]
mod tests {
    use ng_parallel::{ParallelError, Workers};

    use super::*;
    use crate::scan::Countdown;

    fn never() -> Stop {
        Stop::new(Workers::new(1).unwrap().stop_flag())
    }

    /// Pseudo-random ranks, many of them equal.
    fn entries(count: u64) -> impl Iterator<Item = Entry> + Clone {
        (0..count).map(move |position| (position.wrapping_mul(0x9E37_79B9) % (count / 2), position))
    }

    fn offered<'b>(k: usize, bound: &'b Bound, entries: impl Iterator<Item = Entry>) -> Best<'b> {
        let mut best = Best::new(k, bound);
        entries.for_each(|(rank, position)| best.offer(rank, position));
        best
    }

    #[test]
    fn they_are_the_first_of_all_that_are_sorted() {
        let count = 20_000;
        let mut sorted: Vec<Entry> = entries(count).collect();
        sorted.sort_unstable();
        for k in [1, 2, 1023, 1024, 1025, 3000, 9999, 19_999, 20_000, 50_000] {
            let (stop, expected) = (never(), &sorted[..k.min(sorted.len())]);
            let bound = Bound::new();
            let best = offered(k, &bound, entries(count));
            assert_eq!(best.into_sorted(&stop).unwrap(), expected, "{k}");
            // Worst first, so each is kept for a while.
            let bound = Bound::new();
            let best = offered(k, &bound, sorted.iter().rev().copied());
            assert_eq!(
                best.into_sorted(&stop).unwrap(),
                expected,
                "{k}, worst first"
            );
            let bound = Bound::new();
            let mut all = Best::new(k, &bound);
            for worker in 0..3 {
                let own = entries(count).skip(worker).step_by(3);
                all.merge(offered(k, &bound, own), &stop).unwrap();
            }
            assert_eq!(all.into_sorted(&stop).unwrap(), expected, "{k}, merged");
        }
    }

    /// A heap of a million went through memory on each walk from its top to a leaf.
    #[test]
    fn half_of_a_full_buffer_goes_at_once() {
        let (k, count) = (2000, 100_000);
        let bound = Bound::new();
        let mut best = Best::new(k, &bound);
        let (mut narrowed, mut worst, mut most) = (0, None, 0);
        for rank in (0..count).rev() {
            best.offer(rank, rank);
            let Kept::Buffer(buffer) = &best.kept else {
                panic!("a heap of {k}");
            };
            most = most.max(buffer.capacity());
            narrowed += u64::from(best.worst != worst);
            worst = best.worst;
        }
        assert_eq!((narrowed, most), (count / k as u64, 2 * k));
    }

    #[test]
    fn merges_and_sorts_of_many_end_when_they_are_to() {
        let many = 4 * PIECE as u64 + 1;
        let looks_until = |stop_at: u64| {
            let bound = Bound::new();
            let best = || offered(usize::MAX, &bound, entries(many));
            let (left, right) = (best(), best());
            let countdown = Countdown::new(stop_at);
            let stop = never().counted(Some(countdown.clone()));
            let mut all = left;
            let outcome = all
                .merge(right, &stop)
                .and_then(|()| all.into_sorted(&stop));
            (outcome.map(|sorted| sorted.len()), countdown.looks())
        };
        let (outcome, looks) = looks_until(u64::MAX);
        assert_eq!(
            (outcome.unwrap() as u64, looks > 12),
            (2 * many, true),
            "{looks}"
        );
        for stop_at in [1, 5, 6, looks] {
            let (outcome, looked) = looks_until(stop_at);
            let stopped = outcome.unwrap_err();
            assert!(
                matches!(stopped, QueryError::Parallel(ParallelError::Stopped { .. })),
                "{stopped}"
            );
            assert_eq!(looked, stop_at);
        }
    }
}
