//! System calls, hints, streaming stores and a counting allocator that no safe crate
//! wraps: all `unsafe` of this crate.

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs::File;
use std::io;
use std::ops::Range;

use memmap2::MmapRaw;

use crate::machine::allocations::allocated;

/// The system's allocator, with counting. While counting is off it costs one look at a
/// flag. A program whose workers use it as their global allocator gets allocation counts
/// in its reports:
///
/// ```
/// #[global_allocator]
/// static ALLOCATOR: ng_lab::CountingAllocator = ng_lab::CountingAllocator;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct CountingAllocator;

// SAFETY: `GlobalAlloc` requires memory that fits the layout and stays valid until it is
// freed, and methods that never unwind. The system allocator ensures all of it and gets
// the same arguments; counting is arithmetic on atomics.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        allocated(layout.size());
        // SAFETY: (1) The caller's promise about `layout` is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: (1) `pointer` came from `System` with `layout`, by the caller's
        // promise.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        allocated(layout.size());
        // SAFETY: (1) As in `alloc`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        allocated(new_size);
        // SAFETY: (1) As in `dealloc`; the promise about `new_size` is passed on.
        unsafe { System.realloc(pointer, layout, new_size) }
    }
}

/// Returns the allocator's unused memory to the kernel, so that the next allocation
/// is touched for the first time. Only with glibc's allocator.
pub(crate) fn give_back_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: `malloc_trim` takes no pointer, locks the allocator itself, and moves
    // nothing that is in use.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// The error of a system call that did not answer 0.
#[cfg(target_os = "linux")]
fn done(answer: libc::c_int) -> io::Result<()> {
    match answer {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Bytes of a map per query.
#[cfg(target_os = "linux")]
const ASKED_BYTES: usize = 64 << 20;

/// Counts the resident pages of a part of `map`; for a map of a file, those in the
/// page cache. The part begins at a page.
///
/// # Errors
/// The system refuses, or has no such call.
///
/// # Panics
/// Panics if the part does not begin at a page, or ends after the map.
#[cfg(target_os = "linux")]
pub(crate) fn resident_pages(map: &MmapRaw, part: Range<usize>) -> io::Result<u64> {
    let page_bytes = rustix::param::page_size();
    assert!(
        part.start.is_multiple_of(page_bytes) && part.end <= map.len(),
        "bytes {part:?} of {}",
        map.len()
    );
    let mut states = vec![0u8; ASKED_BYTES / page_bytes];
    let mut resident = 0;
    for start in part.clone().step_by(ASKED_BYTES) {
        let bytes = ASKED_BYTES.min(part.end - start);
        let states = &mut states[..bytes.div_ceil(page_bytes)];
        let address = map.as_mut_ptr().wrapping_add(start);
        // SAFETY: `mincore` requires (1) the address of a page, (2) with `bytes`
        // mapped from there on, and (3) room for one byte a page.
        // (1) A map begins at a page, the part at one of its pages, and
        //     `ASKED_BYTES` are whole pages.
        // (2) `start + bytes` is at most the map's length; `map` keeps it.
        // (3) `states` was cut to `bytes` rounded up to pages.
        done(unsafe { libc::mincore(address.cast(), bytes, states.as_mut_ptr()) })?;
        resident += states.iter().filter(|state| **state & 1 == 1).count() as u64;
    }
    Ok(resident)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn resident_pages(_map: &MmapRaw, _part: Range<usize>) -> io::Result<u64> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Writes every word, past the caches where the processor can.
pub(crate) fn write_streamed(words: &mut [u64]) {
    #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
    {
        use std::arch::x86_64::{__m128i, _mm_set1_epi64x, _mm_sfence, _mm_stream_si128};

        // SAFETY: `align_to_mut` requires that (1) words are valid as pairs of words,
        // which are integers as well.
        let (before, pairs, behind) = unsafe { words.align_to_mut::<__m128i>() };
        before.fill(1);
        behind.fill(1);
        for (index, pair) in pairs.iter_mut().enumerate() {
            // SAFETY: `_mm_set1_epi64x` requires (1) SSE2. (1) The `cfg` ensures it.
            let twice = unsafe { _mm_set1_epi64x(index as i64) };
            // SAFETY: `_mm_stream_si128` requires (1) SSE2 and (2) a valid place for
            // 16 bytes, aligned to as many. (1) As above. (2) An aligned pair of ours.
            unsafe { _mm_stream_si128(pair, twice) };
        }
        // SAFETY: (1) SSE is part of SSE2.
        unsafe { _mm_sfence() };
    }
    #[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
    words.fill(1);
}

/// The processor time of a thread of this process, in nanoseconds. The resolution is
/// the scheduler's, much finer than that of `/proc`.
///
/// # Errors
/// There is no such thread, or the system has no such clock.
#[cfg(target_os = "linux")]
pub(crate) fn thread_cpu_ns(thread: u32) -> io::Result<u64> {
    // How Linux numbers the clock of a thread: the complement of its number,
    // then "of one thread" (4) and "as the scheduler counts" (2).
    let clock = (!(thread as libc::clockid_t) << 3) | 4 | 2;
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `clock_gettime` requires (1) a `timespec` to write to. (1) `time` is
    // one. An unknown clock is an error.
    done(unsafe { libc::clock_gettime(clock, &raw mut time) })?;
    Ok(time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn thread_cpu_ns(_thread: u32) -> io::Result<u64> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Prefetches the line of `word` into the first-level cache. Does nothing where
/// stable Rust has no such hint.
#[inline(always)]
pub(crate) fn prefetch(word: &u64) {
    #[cfg(all(target_arch = "x86_64", target_feature = "sse"))]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: `_mm_prefetch` requires (1) SSE. (1) The `cfg` ensures it. It reads
        // nothing, so any address will do.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(word).cast()) };
    }
    #[cfg(not(all(target_arch = "x86_64", target_feature = "sse")))]
    let _ = word;
}

/// Starts writing out a range of dirty pages, without waiting.
///
/// # Errors
/// The system refuses, or has no such call.
#[cfg(target_os = "linux")]
pub(crate) fn start_writeback(file: &File, offset: u64, len: u64) -> io::Result<()> {
    sync_range(file, offset, len, libc::SYNC_FILE_RANGE_WRITE)
}

/// Writes out a range of dirty pages, and waits for it.
///
/// # Errors
/// They cannot be written, or the system refuses, or has no such call.
#[cfg(target_os = "linux")]
pub(crate) fn finish_writeback(file: &File, offset: u64, len: u64) -> io::Result<()> {
    let flags = libc::SYNC_FILE_RANGE_WAIT_BEFORE
        | libc::SYNC_FILE_RANGE_WRITE
        | libc::SYNC_FILE_RANGE_WAIT_AFTER;
    sync_range(file, offset, len, flags)
}

#[cfg(target_os = "linux")]
fn sync_range(file: &File, offset: u64, len: u64, flags: libc::c_uint) -> io::Result<()> {
    use std::os::fd::AsRawFd;

    let too_far = |_| io::Error::from(io::ErrorKind::InvalidInput);
    let offset = offset.try_into().map_err(too_far)?;
    let len = len.try_into().map_err(too_far)?;
    let fd = file.as_raw_fd();
    // SAFETY: `sync_file_range` touches no memory of ours, and requires (1) an open
    // descriptor. (1) `file` is borrowed.
    done(unsafe { libc::sync_file_range(fd, offset, len, flags) })
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn start_writeback(_file: &File, _offset: u64, _len: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn finish_writeback(_file: &File, _offset: u64, _len: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
