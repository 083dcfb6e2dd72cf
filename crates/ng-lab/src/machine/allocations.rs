//! What a program asks its allocator for, counted in runs that are not timed.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::model::Allocations;

pub use crate::machine::raw::CountingAllocator;

// Of the whole process, since there is one allocator. Relaxed: whoever reads
// the counts has waited for those who work.
static COUNTING: AtomicBool = AtomicBool::new(false);
static COUNT: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

/// Counts an allocation, if anybody wants to know. The allocator calls it.
#[inline]
pub(crate) fn allocated(bytes: usize) {
    if COUNTING.load(Ordering::Relaxed) {
        COUNT.fetch_add(1, Ordering::Relaxed);
        BYTES.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// Counts what `work` asks for; none where the program's allocator is not a
/// [`CountingAllocator`]. For one caller at a time.
pub(crate) fn counted<R>(work: impl FnOnce() -> R) -> (R, Option<Allocations>) {
    let before = begin();
    let is_counted = {
        drop(black_box(Box::new(0_u8)));
        COUNT.load(Ordering::Relaxed) > before.count
    };
    let before = begin();
    let result = work();
    COUNTING.store(false, Ordering::Relaxed);
    let counted = Allocations {
        count: COUNT.load(Ordering::Relaxed) - before.count,
        bytes: BYTES.load(Ordering::Relaxed) - before.bytes,
    };
    (result, is_counted.then_some(counted))
}

fn begin() -> Allocations {
    COUNTING.store(true, Ordering::Relaxed);
    Allocations {
        count: COUNT.load(Ordering::Relaxed),
        bytes: BYTES.load(Ordering::Relaxed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The allocator of this test program is another one; that a counting one
    /// counts is seen in `tests/planted`, which has it.
    #[test]
    fn a_program_with_another_allocator_has_no_counts() {
        let (sum, found) = counted(|| vec![1_u64; 100].iter().sum::<u64>());
        assert_eq!((sum, found), (100, None));
    }
}
