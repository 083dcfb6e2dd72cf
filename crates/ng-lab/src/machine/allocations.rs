//! Allocations of a program, counted in runs that are not timed.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::model::Allocations;

pub use crate::machine::raw::CountingAllocator;

// Process-wide, like the allocator. Relaxed: the counts are read after the working
// threads were joined.
static COUNTING: AtomicBool = AtomicBool::new(false);
static COUNT: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

/// Counts an allocation if counting is on. Called by the allocator.
#[inline]
pub(crate) fn allocated(bytes: usize) {
    if COUNTING.load(Ordering::Relaxed) {
        COUNT.fetch_add(1, Ordering::Relaxed);
        BYTES.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// Counts the allocations of `work`; none if the program's allocator is not a
/// [`CountingAllocator`]. Not reentrant.
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

    /// This test program has the default allocator; `tests/planted` has the counting one.
    #[test]
    fn a_program_with_another_allocator_has_no_counts() {
        let (sum, found) = counted(|| vec![1_u64; 100].iter().sum::<u64>());
        assert_eq!((sum, found), (100, None));
    }
}
