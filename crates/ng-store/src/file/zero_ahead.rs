use super::Writer;
use super::grow::write_zeros;
use crate::IoError;
use crate::disk::Disk;
use crate::format::{SLOT_PAGE_BYTES, TOKEN_BYTES};

/// The size of a small commit: 8 KiB.
const SMALL_BYTES: u64 = 8 << 10;

/// After this many consecutive small commits, more are expected.
const MANY: u32 = 8;

/// How many zeros are written ahead at once: 256 KiB.
const AHEAD_BYTES: u64 = 256 << 10;

/// Zeros beyond the tokens, for small commits to overwrite.
///
/// In-place file systems mark allocated blocks as unwritten, and the first write to one
/// clears the mark: a journal transaction, 12 KiB on ext4, in each commit that reaches a
/// new page. Zeros are written once for many commits, and synced with the current one.
/// Commits of 64 tokens are then 1.42 times as fast [1.25, 1.49] as the same writes and
/// syncs into space that was only allocated, and write 20.7 KiB to the device instead of
/// 24.4 (`docs/performance.md`). Larger commits would write more than they save: everything
/// twice.
///
/// A failure counts as the commit's: the next tokens go to the same place.
#[derive(Debug, Default)]
pub(super) struct ZeroAhead {
    small_commits: u32,
    /// The known end of the written part of the file.
    end: u64,
    /// Whether the disk benefits, once queried.
    pays: Option<bool>,
}

impl ZeroAhead {
    /// Forgets what a file had beyond the length it was truncated to.
    pub(super) fn cut(&mut self, length: u64) {
        self.end = self.end.min(length);
    }
}

impl<D: Disk> Writer<D> {
    /// Writes zeros beyond the tokens being committed, if that pays off.
    pub(super) fn zero_ahead(&mut self) -> Result<(), IoError> {
        let page = SLOT_PAGE_BYTES as u64;
        let (header, tokens) = (&self.head.header, self.appended_tokens());
        let is_small = (tokens - self.head.slot.tokens) * TOKEN_BYTES <= SMALL_BYTES;
        let ahead = &mut self.zero_ahead;
        ahead.small_commits = match is_small {
            true => ahead.small_commits.saturating_add(1),
            false => 0,
        };
        let end = header.token_offset(tokens);
        if ahead.small_commits < MANY || ahead.end >= end + SMALL_BYTES {
            return Ok(());
        }
        let start = ahead.end.max(end.next_multiple_of(page));
        let room_end = header.token_offset(self.allocated);
        let stop = room_end.min(start + AHEAD_BYTES);
        let disk = self.source.disk();
        let pays = *ahead.pays.get_or_insert_with(|| disk.writes_in_place());
        if start >= stop || !pays {
            return Ok(());
        }
        ahead.end = stop;
        write_zeros(&self.source, start, stop - start)
    }
}
