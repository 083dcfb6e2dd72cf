//! A disk in plain memory, and a map of it, so that tools that cannot map files can check
//! the pointer code of `map`.

use std::cell::UnsafeCell;
use std::io;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ng_token::Token;

use super::{Backing, Map};
use crate::disk::Disk;

/// A file of a fixed maximum size.
pub(super) struct Memory {
    records: Box<[UnsafeCell<Token>]>,
    size_bytes: AtomicU64,
}

// SAFETY: `Sync` requires that `&Memory` may be used by many threads. Its bytes are written
// by `write_at`, by one writer at a time, and never where a snapshot reads: the store under
// test ensures both, as over a file, and a data-race detector would notice if not.
unsafe impl Sync for Memory {}

impl Memory {
    fn new(size_bytes: usize) -> Arc<Self> {
        let records = size_bytes.div_ceil(size_of::<Token>());
        let zero = || UnsafeCell::new(Token::ZERO);
        Arc::new(Self {
            records: (0..records).map(|_| zero()).collect(),
            size_bytes: AtomicU64::new(0),
        })
    }

    fn start(&self) -> *mut u8 {
        UnsafeCell::raw_get(self.records.as_ptr()).cast()
    }

    fn capacity(&self) -> usize {
        size_of_val::<[_]>(&self.records)
    }

    fn map(self: &Arc<Self>, data_offset: usize) -> Arc<Map> {
        let start = self.start().wrapping_byte_add(data_offset);
        Arc::new(Map {
            start: NonNull::new(start.cast()).unwrap(),
            token_capacity: (self.capacity() - data_offset) / size_of::<Token>(),
            data_offset: data_offset as u64,
            backing: Backing::Plain {
                _memory: Arc::clone(self),
            },
        })
    }
}

struct PlainDisk(Arc<Memory>);

impl Disk for PlainDisk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.size_bytes.load(Ordering::Acquire))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.size_bytes.store(len, Ordering::Release);
        Ok(())
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let available = self.len()?.saturating_sub(offset) as usize;
        let count = buffer.len().min(available);
        let from = self.0.start().wrapping_byte_add(offset as usize);
        // SAFETY: `copy_nonoverlapping` requires (1) `count` readable bytes at
        // `from`, (2) `count` writable ones at the buffer, (3) apart, and (4) no
        // concurrent write. (1) The length is at most the capacity. (2) `count`
        // is at most the buffer's length. (3) The buffer is borrowed, the memory
        // is in cells. (4) The store reads what its one writer has written.
        unsafe { std::ptr::copy_nonoverlapping(from, buffer.as_mut_ptr(), count) };
        Ok(count)
    }

    fn write_at(&self, buffer: &[u8], offset: u64) -> io::Result<usize> {
        let end = offset + buffer.len() as u64;
        if end > self.0.capacity() as u64 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let to = self.0.start().wrapping_byte_add(offset as usize);
        // SAFETY: As in `read_at`, the other way round. (1) The buffer is
        // readable. (2) The end was checked against the capacity. (3) The buffer
        // is borrowed, the memory is in cells. (4) One writer, and no snapshot
        // covers what it writes.
        unsafe { std::ptr::copy_nonoverlapping(buffer.as_ptr(), to, buffer.len()) };
        self.0.size_bytes.fetch_max(end, Ordering::AcqRel);
        Ok(buffer.len())
    }

    fn allocate(&self, offset: u64, len: u64) -> io::Result<()> {
        if offset + len > self.0.capacity() as u64 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0.size_bytes.fetch_max(offset + len, Ordering::AcqRel);
        Ok(())
    }

    fn start_writeback(&self, _offset: u64, _len: u64) -> io::Result<()> {
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

mod tests {
    use super::*;
    use crate::Commit;
    use crate::disk::Source;
    use crate::file::{Stamp, Writer};
    use crate::format::{DATA_ALIGN, StaticHeader};

    const TOKENS: usize = 300;

    fn token(index: usize) -> Token {
        Token::new(index as u32)
    }

    #[test]
    fn readers_on_other_threads_see_every_commit_while_the_writer_goes_on() {
        let memory = Memory::new(DATA_ALIGN as usize + TOKENS * size_of::<Token>());
        let map = memory.map(DATA_ALIGN as usize);
        let header = StaticHeader::new(TOKENS as u64, [7; 16], 0).unwrap();
        let source = Source::new(PlainDisk(memory), "plain memory");
        let mut writer = Writer::create(source, header, 0).unwrap();
        std::thread::scope(|scope| {
            for step in [1, 2, 60, 64, 65, 100] {
                let start = writer.committed_tokens() as usize;
                let new: Vec<_> = (start..(start + step).min(TOKENS)).map(token).collect();
                writer.append(&new).unwrap();
                writer.commit(Stamp::default()).unwrap();
                let snapshot = map.show(Commit::of(writer.head()));
                scope.spawn(move || {
                    assert!(snapshot.iter().copied().eq((0..snapshot.len()).map(token)));
                });
            }
        });
        assert_eq!(writer.committed_tokens(), 292);
    }
}
