use std::io;
use std::ops::Range;

/// How many pages are asked for at once: those of 64 MiB, where they are of 4 KiB.
#[cfg(all(target_os = "linux", not(miri)))]
const ASKED_PAGES: usize = 16 << 10;

/// Calls `each` for each page of a mapped range that is in memory, with its distance
/// from the begin of the range, in bytes. `None` where the system does not tell.
///
/// Of a file that belongs to somebody else and may not be written, it says that all
/// pages are.
#[cfg(all(target_os = "linux", not(miri)))]
pub(super) fn cached_pages(addresses: Range<usize>, each: &mut dyn FnMut(u64)) -> Option<()> {
    let page_bytes = rustix::param::page_size();
    let mut states = vec![0u8; ASKED_PAGES];
    let mut start = addresses.start;
    while start < addresses.end {
        let bytes = (ASKED_PAGES * page_bytes).min(addresses.end - start);
        // SAFETY: `mincore` asks for (1) an address that is the begin of a page, or it
        // fails, and (2) room for a byte for each page of the range. It touches
        // nothing of the range itself.
        // (2) There is room for `ASKED_PAGES`, and there are no more.
        let result = unsafe {
            libc::mincore(
                std::ptr::without_provenance_mut(start),
                bytes,
                states.as_mut_ptr(),
            )
        };
        if result != 0 {
            return None;
        }
        let pages = states[..bytes.div_ceil(page_bytes)].iter().enumerate();
        for (page, _) in pages.filter(|(_, state)| **state & 1 != 0) {
            each((start - addresses.start + page * page_bytes) as u64);
        }
        start += bytes;
    }
    Some(())
}

#[cfg(not(all(target_os = "linux", not(miri))))]
pub(super) fn cached_pages(_addresses: Range<usize>, _each: &mut dyn FnMut(u64)) -> Option<()> {
    None
}

/// Has the system drop the pages of a range of a shared map of a file, which must not
/// be written to. A hint: pages that others have mapped stay, and so do those of a
/// file that belongs to somebody else and may not be written.
#[cfg(all(target_os = "linux", not(miri)))]
pub(super) fn drop_mapped_pages(addresses: Range<usize>) -> io::Result<()> {
    use rustix::mm::{Advice, madvise};

    let start = addresses.start - addresses.start % rustix::param::page_size();
    let bytes = addresses.end - start;
    // SAFETY: `madvise` with `MADV_PAGEOUT` asks for (1) an address that is the begin of
    // a page, or it fails. It changes no content: a page that is dropped is read from
    // the file when it is next looked at.
    let done = unsafe {
        madvise(
            std::ptr::without_provenance_mut(start),
            bytes,
            Advice::LinuxPageOut,
        )
    };
    Ok(done?)
}

#[cfg(not(all(target_os = "linux", not(miri))))]
pub(super) fn drop_mapped_pages(_addresses: Range<usize>) -> io::Result<()> {
    Ok(())
}
