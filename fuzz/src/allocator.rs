//! Counts what is allocated, and ends the program where it is too much.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// More than any file may cost its reader: a block, its tail, a page of entries.
const MOST_BYTES: usize = 16 << 20;

static LARGEST_BYTES: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, with the size of the largest request kept.
pub struct Counting;

// SAFETY: `GlobalAlloc` asks that (1) what it returns is memory as asked for,
// and (2) it does not unwind. Both are left to `System`; the counter does
// neither.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LARGEST_BYTES.fetch_max(layout.size(), Ordering::Relaxed);
        // SAFETY: (1) the caller's layout, as it is.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: (1) the caller's memory and layout, as they are.
        unsafe { System.dealloc(memory, layout) }
    }
}

/// Runs `work`, and panics if it made a single request that no file is worth.
pub fn bounded(work: impl FnOnce()) {
    LARGEST_BYTES.store(0, Ordering::Relaxed);
    work();
    let largest = LARGEST_BYTES.load(Ordering::Relaxed);
    assert!(
        largest <= MOST_BYTES,
        "{largest} bytes were asked for at once"
    );
}
