use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use super::overlap_bytes;

/// One `u64` per page; Linux, `Documentation/admin-guide/mm/pagemap.rst`.
const ENTRY_BYTES: usize = 8;
const PRESENT: u64 = 1 << 63;

/// How many entries one read takes.
const CHUNK_ENTRIES: u64 = 8192;

/// Returns the bytes of `range` that lie in pages present in memory.
pub(super) fn present_bytes(
    pagemap: &File,
    range: &Range<u64>,
    page_bytes: u64,
) -> io::Result<u64> {
    let pages = range.start / page_bytes..range.end.div_ceil(page_bytes);
    let mut buffer = vec![0; CHUNK_ENTRIES as usize * ENTRY_BYTES];
    let mut present = 0;
    let mut page = pages.start;
    while page < pages.end {
        let chunk = CHUNK_ENTRIES.min(pages.end - page) as usize;
        let entries = &mut buffer[..chunk * ENTRY_BYTES];
        pagemap.read_exact_at(entries, page * ENTRY_BYTES as u64)?;
        for entry in entries.chunks_exact(ENTRY_BYTES) {
            if is_present(entry) {
                present += overlap_bytes(&(page * page_bytes..(page + 1) * page_bytes), range);
            }
            page += 1;
        }
    }
    Ok(present)
}

fn is_present(entry: &[u8]) -> bool {
    let mut bytes = [0; ENTRY_BYTES];
    bytes.copy_from_slice(entry);
    u64::from_ne_bytes(bytes) & PRESENT != 0
}
