use std::ops::Range;

use memmap2::MmapRaw;

/// How many pages are queried at once: 64 MiB with pages of 4 KiB.
#[cfg(all(target_os = "linux", not(miri)))]
const ASKED_PAGES: usize = 16 << 10;

/// Calls `each` for each page of a byte range of a map that is in memory, with its offset
/// in the map, in bytes. `None` if the system does not say.
///
/// For another user's file without write permission, all pages are reported.
#[cfg(all(target_os = "linux", not(miri)))]
pub(crate) fn cached_pages(
    map: &MmapRaw,
    bytes: Range<usize>,
    each: &mut dyn FnMut(u64),
) -> Option<()> {
    let page_bytes = rustix::param::page_size();
    let mut states = vec![0u8; ASKED_PAGES];
    let end = bytes.end.min(map.len());
    let first = bytes.start - bytes.start % page_bytes;
    for start in (first..end).step_by(ASKED_PAGES * page_bytes) {
        let bytes = (ASKED_PAGES * page_bytes).min(end - start);
        let address = map.as_mut_ptr().wrapping_add(start);
        // SAFETY: `mincore` requires (1) the address of a page, (2) with `bytes` mapped
        // from there on, and (3) room for a byte a page. It touches nothing of them.
        // (1) A map begins at a page, and `first` and the step are of whole pages. (2) `start + bytes`
        // is at most the map's length; `map` keeps it. (3) There is room for
        // `ASKED_PAGES`, and there are no more.
        let result = unsafe { libc::mincore(address.cast(), bytes, states.as_mut_ptr()) };
        if result != 0 {
            return None;
        }
        let pages = states[..bytes.div_ceil(page_bytes)].iter().enumerate();
        for (page, _) in pages.filter(|(_, state)| **state & 1 != 0) {
            each((start + page * page_bytes) as u64);
        }
    }
    Some(())
}

#[cfg(not(all(target_os = "linux", not(miri))))]
pub(crate) fn cached_pages(
    _map: &MmapRaw,
    _bytes: Range<usize>,
    _each: &mut dyn FnMut(u64),
) -> Option<()> {
    None
}

/// Asks the system to drop the pages of a byte range of a read-only map of a file. A hint:
/// pages that others have mapped stay, and so do those of another user's file without write
/// permission.
#[cfg(all(target_os = "linux", not(miri)))]
pub(super) fn drop_mapped_pages(map: &MmapRaw, bytes: Range<usize>) {
    use rustix::mm::{Advice, madvise};

    let start = bytes.start - bytes.start % rustix::param::page_size();
    let end = bytes.end.min(map.len());
    if start >= end {
        return;
    }
    let address = map.as_mut_ptr().wrapping_add(start);
    // SAFETY: `madvise` requires (1) the address of a page, (2) with as many bytes mapped
    // from there on, and (3) that the advice has no harmful effect.
    // (1) A map begins at a page, and `start` is a multiple of one. (2) `end` is at most
    //     the map's length; `map` keeps it. (3) `MADV_PAGEOUT` changes no content: a
    //     dropped page is read from the file at its next access.
    let _ = unsafe { madvise(address.cast(), end - start, Advice::LinuxPageOut) };
}

#[cfg(not(all(target_os = "linux", not(miri))))]
pub(super) fn drop_mapped_pages(_map: &MmapRaw, _bytes: Range<usize>) {}
