use std::io::ErrorKind;
use std::ops::Range;

use super::length::check_length;
use super::{Head, Writer};
use crate::disk::{Disk, Source};
use crate::format::{BLOCK, TOKEN_BYTES};
use crate::{IoError, WriteError};

/// The fraction by which a file grows: an eighth.
const STEP_PART: u64 = 8;

/// The minimum growth of a file: 1 MiB.
const MIN_STEP_TOKENS: u64 = (1 << 20) / TOKEN_BYTES;

/// The maximum growth beyond the request: 64 MiB.
const MAX_STEP_TOKENS: u64 = (64 << 20) / TOKEN_BYTES;

/// The maximum that one call allocates, so that none takes long: 64 MiB.
const PIECE_BYTES: u64 = 64 << 20;

/// How many zeros one write takes if blocks cannot be allocated.
const ZEROS_BYTES: usize = 1 << 20;

/// How a range of a file gets blocks.
type Allocate<D> = fn(&Source<D>, u64, u64) -> Result<(), IoError>;

impl<D: Disk> Writer<D> {
    /// Reserves space for `additional` more tokens, and usually more, so that few appends
    /// need a system call.
    ///
    /// The file grows by an eighth of its size, at least 1 MiB and at most 64 MiB: at most
    /// an eighth is unused, and a file is extended about twenty times while it grows
    /// tenfold. The extra takes at most half of the free space, respects the file-size
    /// limit, and is omitted if the file system cannot allocate and zeros are written
    /// instead.
    ///
    /// Dropping the writer frees space that no commit used.
    ///
    /// # Errors
    ///
    /// [`WriteError::Full`], [`WriteError::NoSpace`] and [`WriteError::FileTooLarge`]
    /// change nothing; [`WriteError::Io`] poisons the writer.
    pub fn reserve(&mut self, additional: u64) -> Result<(), WriteError> {
        let needed = self.needed(additional)?;
        if needed > self.allocated {
            self.make_room(needed)?;
        }
        self.announce(needed);
        Ok(())
    }

    /// Reserves space for `needed` tokens, and for more if available.
    fn make_room(&mut self, needed: u64) -> Result<(), WriteError> {
        self.check_uncut()?;
        let generous = self.with_step(needed);
        if generous > needed {
            match self.grow(generous, allocate_pieces) {
                Err(cause) if is_no_space(&cause) || is_unsupported(&cause) => {}
                Err(cause) => return Err(self.poison(cause)),
                Ok(()) => return Ok(()),
            }
        }
        self.grow_to(needed)
    }

    /// Reserves space for exactly `additional` more tokens, if necessary.
    ///
    /// # Errors
    ///
    /// As [`reserve`](Self::reserve).
    pub fn reserve_exact(&mut self, additional: u64) -> Result<(), WriteError> {
        let needed = self.needed(additional)?;
        if needed > self.allocated {
            self.check_uncut()?;
            self.grow_to(needed)?;
        }
        self.announce(needed);
        Ok(())
    }

    /// Refuses a truncated file. Growing it would restore the length, and hide that from
    /// the next commit.
    pub(crate) fn check_uncut(&mut self) -> Result<(), WriteError> {
        let checked = check_length(&self.source, &self.head);
        self.poisoned |= checked.is_err();
        checked
    }

    /// Frees all space beyond the appended tokens, committed or not. Readers are
    /// unaffected, and the next append allocates again.
    ///
    /// # Errors
    ///
    /// [`WriteError::Io`] poisons the writer; the last commit stands.
    pub fn shrink_to_fit(&mut self) -> Result<(), WriteError> {
        self.check_sound()?;
        let tokens = self.appended_tokens();
        let length = self.head.header.length_for(tokens);
        if let Err(cause) = self.cut(length) {
            return Err(self.poison(cause));
        }
        self.allocated = self.allocated.min(tokens);
        self.announced = self.announced.min(tokens);
        self.head.length = self.head.length.min(length);
        self.kept = self.kept.min(length);
        self.zero_ahead.cut(length);
        Ok(())
    }

    /// Keeps the allocated space, even when the writer is dropped.
    pub(super) fn keep_room(&mut self) {
        self.kept = self.head.length;
    }

    /// Counts the tokens that fit as part of the coming commit.
    fn announce(&mut self, needed: u64) {
        self.announced = self.announced.max(needed);
    }

    fn needed(&self, additional: u64) -> Result<u64, WriteError> {
        self.check_sound()?;
        let max = self.head.header.max_tokens;
        let needed = self.appended_tokens().checked_add(additional);
        needed
            .filter(|&needed| needed <= max)
            .ok_or_else(|| WriteError::Full {
                path: self.source.path().to_owned(),
                needed: needed.unwrap_or(u64::MAX),
                max,
            })
    }

    /// The target capacity in tokens if `needed` are required.
    fn with_step(&self, needed: u64) -> u64 {
        let header = &self.head.header;
        let step = (self.allocated / STEP_PART).clamp(MIN_STEP_TOKENS, MAX_STEP_TOKENS);
        let mut target = self.allocated.saturating_add(step);
        // A file created with an exact size is filled, not enlarged.
        let length = self.head.length.saturating_sub(header.data_offset);
        let known = length / TOKEN_BYTES;
        if needed <= known {
            target = target.min(known);
        }
        if target <= needed {
            return needed;
        }
        let affordable = self.affordable(needed);
        target.min(header.max_tokens).min(affordable).max(needed)
    }

    /// How many tokens the disk and the file-size limit allow, if half of the free space
    /// beyond `needed` stays free.
    fn affordable(&self, needed: u64) -> u64 {
        let asked = (needed - self.allocated) * TOKEN_BYTES;
        // What is unknown is found out by trying.
        let spare = match self.source.disk().free_bytes() {
            Ok(Some(free)) => free.saturating_sub(asked) / 2,
            _ => u64::MAX,
        };
        let longest = match self.source.disk().longest() {
            Ok(Some(longest)) => longest.saturating_sub(self.head.header.data_offset),
            _ => u64::MAX,
        };
        let by_room = needed.saturating_add(spare / TOKEN_BYTES);
        by_room.min(longest / TOKEN_BYTES)
    }

    /// Grows to exactly `target` tokens, by the available method.
    fn grow_to(&mut self, target: u64) -> Result<(), WriteError> {
        let [entries, data] = self.missing(target);
        let size_bytes = entries.end - entries.start + (data.end - data.start);
        match self.grow(target, allocate) {
            Ok(()) => Ok(()),
            Err(cause) => Err(WriteError::no_room(cause, size_bytes, data.end)
                .unwrap_or_else(|cause| self.poison(cause))),
        }
    }

    /// Allocates the table's entries, then the data. The sync of the next
    /// commit makes the length durable before any slot names it.
    fn grow(&mut self, target: u64, allocate: Allocate<D>) -> Result<(), IoError> {
        for range in self.missing(target) {
            let len = range.end - range.start;
            if let Err(cause) = allocate(&self.source, range.start, len) {
                // Some file systems keep partial allocations after a failure. If freeing
                // them fails, the first error suffices.
                let _ = self.cut(self.head.length);
                return Err(cause);
            }
        }
        self.allocated = target;
        let end = self.head.header.token_offset(target);
        self.head.length = self.head.length.max(end);
        Ok(())
    }

    /// The bytes without blocks that `target` tokens need: in the table, and in the data.
    fn missing(&self, target: u64) -> [Range<u64>; 2] {
        let header = &self.head.header;
        [
            header.entry_offset(self.allocated / BLOCK)..header.entry_offset(target / BLOCK),
            header.token_offset(self.allocated)..header.token_offset(target),
        ]
    }

    /// Truncates the file to `length` if it is longer, and if its newest commit is the one
    /// this writer knows: without enforced locks, another appender may have made one beyond
    /// that.
    fn cut(&self, length: u64) -> Result<(), IoError> {
        if self.source.len()? <= length {
            return Ok(());
        }
        let newest = Head::read_of_any_length(&self.source);
        match newest.is_ok_and(|newest| newest.slot == self.head.slot) {
            true => self.source.set_len(length),
            false => Ok(()),
        }
    }
}

impl<D: Disk> Drop for Writer<D> {
    /// Frees the space that no commit used: nobody else will, and it may fill the disk. It
    /// stays if a commit with unknown outcome may need it.
    fn drop(&mut self) {
        if self.knows_newest && self.source.disk().is_ours() {
            // A drop cannot report an error, and only space is lost.
            let _ = self.cut(self.kept);
        }
    }
}

pub(super) fn is_no_space(error: &IoError) -> bool {
    matches!(
        error.source.kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge
    )
}

fn is_unsupported(error: &IoError) -> bool {
    error.source.kind() == ErrorKind::Unsupported
}

/// Allocates disk blocks for a range, by writing zeros if there is no other way. The range
/// must not hold data.
pub(super) fn allocate<D: Disk>(source: &Source<D>, offset: u64, len: u64) -> Result<(), IoError> {
    match allocate_pieces(source, offset, len) {
        Err(error) if is_unsupported(&error) => write_zeros(source, offset, len),
        other => other,
    }
}

fn allocate_pieces<D: Disk>(source: &Source<D>, offset: u64, len: u64) -> Result<(), IoError> {
    in_pieces(PIECE_BYTES, len, |start, count| {
        source.allocate(offset + start, count)
    })
}

pub(super) fn write_zeros<D: Disk>(
    source: &Source<D>,
    offset: u64,
    len: u64,
) -> Result<(), IoError> {
    let zeros = vec![0; ZEROS_BYTES.min(usize::try_from(len).unwrap_or(ZEROS_BYTES))];
    in_pieces(ZEROS_BYTES as u64, len, |start, count| {
        source.write(&zeros[..count as usize], offset + start)
    })
}

/// Processes `len` bytes in pieces, each with its start and length.
fn in_pieces(
    piece: u64,
    len: u64,
    mut act: impl FnMut(u64, u64) -> Result<(), IoError>,
) -> Result<(), IoError> {
    let mut done = 0;
    while done < len {
        let count = piece.min(len - done);
        act(done, count)?;
        done += count;
    }
    Ok(())
}
