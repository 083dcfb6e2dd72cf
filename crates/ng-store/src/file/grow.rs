use std::io::ErrorKind;

use super::Writer;
use crate::disk::{Disk, Source};
use crate::format::{BLOCK, TOKEN_BYTES};
use crate::{IoError, WriteError};

/// Up to here a file doubles, from here on it grows by as much: 1 GiB.
const STEP_TOKENS: u64 = (1 << 30) / TOKEN_BYTES;

/// What a file grows by at least: 1 MiB.
const MIN_STEP_TOKENS: u64 = (1 << 20) / TOKEN_BYTES;

/// How many zeros one write takes where blocks cannot be allocated.
const ZEROS_BYTES: usize = 1 << 20;

impl<D: Disk> Writer<D> {
    /// Makes room for `additional` more tokens, and for more than that where the
    /// disk has it: the file doubles up to 1 GiB, then grows by 1 GiB.
    ///
    /// # Errors
    ///
    /// [`WriteError::Full`] and [`WriteError::NoSpace`] change nothing;
    /// [`WriteError::Io`] poisons.
    pub fn reserve(&mut self, additional: u64) -> Result<(), WriteError> {
        let needed = self.needed(additional)?;
        if needed <= self.allocated {
            return Ok(());
        }
        let step = self.allocated.clamp(MIN_STEP_TOKENS, STEP_TOKENS);
        let mut target = needed.max(self.allocated.saturating_add(step));
        // A file that was made with an exact size is filled, not enlarged.
        let length = self
            .head
            .length
            .saturating_sub(self.head.header.data_offset);
        let known = length / TOKEN_BYTES;
        if needed <= known {
            target = target.min(known);
        }
        let target = target.min(self.head.header.max_tokens);
        match self.grow(target) {
            Err(WriteError::NoSpace { .. }) if needed < target => self.grow(needed),
            other => other,
        }
    }

    /// Makes room for exactly `additional` more tokens, unless there is room
    /// already.
    ///
    /// # Errors
    ///
    /// As [`reserve`](Self::reserve).
    pub fn reserve_exact(&mut self, additional: u64) -> Result<(), WriteError> {
        let needed = self.needed(additional)?;
        if needed <= self.allocated {
            return Ok(());
        }
        self.grow(needed)
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

    /// Allocates the table's entries, then the data. The sync of the next
    /// commit makes the length durable before any slot names it.
    fn grow(&mut self, target: u64) -> Result<(), WriteError> {
        let header = &self.head.header;
        let first_entry = header.entry_offset(self.allocated / BLOCK);
        let entries_end = header.entry_offset(target / BLOCK);
        let data_start = header.token_offset(self.allocated);
        let data_end = header.token_offset(target);
        let size_bytes = data_end - data_start + (entries_end - first_entry);
        let grown = allocate(&self.source, first_entry, entries_end - first_entry)
            .and_then(|()| allocate(&self.source, data_start, data_end - data_start));
        match grown {
            Ok(()) => {
                self.allocated = target;
                self.head.length = self.head.length.max(data_end);
                Ok(())
            }
            Err(cause) if is_no_space(&cause) => Err(WriteError::NoSpace { size_bytes, cause }),
            Err(cause) => Err(self.poison(cause)),
        }
    }
}

fn is_no_space(error: &IoError) -> bool {
    matches!(
        error.source.kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge
    )
}

/// Gives a range blocks on the disk, with zeros where there is no other way.
/// Nothing that counts may be in the range.
pub(super) fn allocate<D: Disk>(source: &Source<D>, offset: u64, len: u64) -> Result<(), IoError> {
    if len == 0 {
        return Ok(());
    }
    match source.allocate(offset, len) {
        Err(error) if error.source.kind() == ErrorKind::Unsupported => {
            write_zeros(source, offset, len)
        }
        other => other,
    }
}

fn write_zeros<D: Disk>(source: &Source<D>, offset: u64, len: u64) -> Result<(), IoError> {
    let zeros = vec![0; ZEROS_BYTES.min(usize::try_from(len).unwrap_or(ZEROS_BYTES))];
    let mut done = 0;
    while done < len {
        let count = (zeros.len() as u64).min(len - done) as usize;
        source.write(&zeros[..count], offset + done)?;
        done += count as u64;
    }
    Ok(())
}
