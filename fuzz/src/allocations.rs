//! The most memory that the code under test holds at a time.

#![expect(
    unsafe_code,
    reason = "an allocator; it counts, and leaves the rest to the system's"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static USED: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

fn add(size: usize) {
    let used = USED.fetch_add(size, Ordering::Relaxed) + size;
    PEAK.fetch_max(used, Ordering::Relaxed);
}

// SAFETY: (1) Every block comes from `System` and goes back to it with its own layout; the counters
// touch no memory of it. (2) Nothing here unwinds.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        // SAFETY: (1) The caller's promise about `layout` is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        // SAFETY: (1) The caller's promise about `layout` is the same.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        USED.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: (1) The block came from `System` with this layout, as above.
        unsafe { System.dealloc(block, layout) }
    }
}

/// Returns the result of `act`, and asserts that it took at most this many bytes more than were in
/// use before.
pub(crate) fn at_most<T>(limit: usize, what: &str, act: impl FnOnce() -> T) -> T {
    let before = USED.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let result = act();
    let taken = PEAK.load(Ordering::Relaxed) - before;
    assert!(
        taken <= limit,
        "{what} took {taken} bytes, expected {limit} at most"
    );
    result
}
