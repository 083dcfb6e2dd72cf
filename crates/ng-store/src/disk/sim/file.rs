use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use super::machine::{Handle, Machine, WHOLE};
use super::page::PAGE_BYTES as PAGE;
use super::{Call, Failure, SECTOR_BYTES, SimFs};
use crate::disk::lock::Lock;
use crate::disk::{Disk, Followed};

const PAGE_BYTES: u64 = PAGE as u64;

/// An open file of a [`SimFs`].
#[derive(Debug)]
pub struct SimFile {
    fs: SimFs,
    process: u64,
    handle: Handle,
    writable: bool,
    /// How many failures of the file this handle has been notified of.
    told: AtomicU64,
}

impl SimFile {
    pub(super) fn new(fs: SimFs, process: u64, handle: Handle, writable: bool) -> Self {
        let told = fs.lock().failures_of(handle.file);
        Self {
            told: AtomicU64::new(told),
            fs,
            process,
            handle,
            writable,
        }
    }

    /// Collects the file's failures, and tells whether any is new.
    fn hear(&self) -> bool {
        let failures = self.fs.lock().failures_of(self.inode());
        self.told.swap(failures, Ordering::Relaxed) < failures
    }

    /// The result of a call that reports failures, its own and earlier ones.
    fn told(&self, outcome: io::Result<()>) -> io::Result<()> {
        match self.hear() {
            true => outcome.and(Err(Failure::Io.to_error())),
            false => outcome,
        }
    }

    pub(super) fn inode(&self) -> u64 {
        self.handle.file
    }

    fn operate<T>(
        &self,
        call: Call,
        act: impl FnOnce(&mut Machine, u64) -> io::Result<T>,
    ) -> io::Result<T> {
        if call.kind().changes() && !self.writable {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        self.fs.lock().operate(self.process, call, act)
    }
}

impl Drop for SimFile {
    fn drop(&mut self) {
        self.fs.lock().close(self.handle);
    }
}

impl Followed for SimFile {}

impl Disk for SimFile {
    fn len(&self) -> io::Result<u64> {
        let file = self.inode();
        self.operate(Call::Len { file }, |machine, _| {
            Ok(machine.volume.file(file).len())
        })
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let file = self.inode();
        if len > i64::MAX as u64 {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        self.operate(Call::SetLen { file, len }, |machine, _| {
            machine.volume.file_mut(file).set_len(len);
            Ok(())
        })
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let file = self.inode();
        let len = buffer.len();
        self.operate(Call::Read { file, offset, len }, |machine, limit| {
            let buffer = &mut buffer[..limited(len, limit)];
            Ok(machine.volume.file(file).read(buffer, offset))
        })
    }

    fn write_at(&self, buffer: &[u8], offset: u64) -> io::Result<usize> {
        let file = self.inode();
        let len = buffer.len();
        self.operate(Call::Write { file, offset, len }, |machine, limit| {
            let open = machine.open_files();
            let buffer = &buffer[..limited(len, limit)];
            machine.volume.write(file, buffer, offset, &open)
        })
    }

    fn allocate(&self, offset: u64, len: u64) -> io::Result<()> {
        let file = self.inode();
        self.operate(Call::Allocate { file, offset, len }, |machine, limit| {
            if !machine.can_allocate {
                return Err(io::ErrorKind::Unsupported.into());
            }
            if len == 0 {
                return Err(io::ErrorKind::InvalidInput.into());
            }
            let open = machine.open_files();
            let len = len.min(limit);
            if len > 0 {
                machine.volume.allocate(file, offset, len, &open)?;
            }
            if limit < WHOLE {
                return Err(io::ErrorKind::StorageFull.into());
            }
            Ok(())
        })
    }

    fn free_bytes(&self) -> io::Result<Option<u64>> {
        let machine = self.fs.lock();
        machine.check_alive(self.process)?;
        let free = machine.volume.free(&machine.open_files());
        Ok(free.map(|sectors| sectors * SECTOR_BYTES))
    }

    fn writes_in_place(&self) -> bool {
        self.fs.lock().writes_in_place
    }

    fn start_writeback(&self, offset: u64, len: u64) -> io::Result<()> {
        let file = self.inode();
        let call = Call::StartWriteback { file, offset, len };
        let started = self.operate(call, |_, _| Ok(()));
        if started.is_err() {
            self.hear();
        }
        started
    }

    fn finish_writeback(&self, offset: u64, len: u64) -> io::Result<()> {
        let file = self.inode();
        let call = Call::FinishWriteback { file, offset, len };
        self.told(self.operate(call, |_, _| Ok(())))
    }

    fn write_uncached_at(&self, buffer: &[u8], offset: u64) -> io::Result<usize> {
        let file = self.inode();
        let len = buffer.len();
        let call = Call::WriteUncached { file, offset, len };
        self.operate(call, |machine, limit| {
            machine.check_goes_uncached()?;
            let open = machine.open_files();
            let buffer = &buffer[..limited(len, limit)];
            let count = machine.volume.write(file, buffer, offset, &open)?;
            let written = offset..offset + count as u64;
            machine.volume.file_mut(file).set_uncached(written);
            Ok(count)
        })
    }

    fn read_uncached_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let file = self.inode();
        let len = buffer.len();
        let call = Call::ReadUncached { file, offset, len };
        self.operate(call, |machine, limit| {
            machine.check_goes_uncached()?;
            let buffer = &mut buffer[..limited(len, limit)];
            Ok(machine.volume.file(file).read_uncached(buffer, offset))
        })
    }

    /// Only the first page, which the caller has read.
    fn cached_bytes(&self, offset: u64, len: u64) -> io::Result<Option<u64>> {
        let machine = self.fs.lock();
        machine.check_alive(self.process)?;
        let has_first = offset < PAGE_BYTES && len > 0;
        let bytes = if has_first { PAGE_BYTES } else { 0 };
        Ok(machine.tells_cached.then_some(bytes))
    }

    fn drop_cached(&self, offset: u64, len: u64) {
        let file = self.inode();
        let call = Call::DropCached { file, offset, len };
        // A failed hint is not reported.
        let _ = self.operate(call, |machine, _| {
            let bytes = offset..offset.saturating_add(len);
            machine.volume.file_mut(file).evict(bytes);
            Ok(())
        });
    }

    fn sync(&self) -> io::Result<()> {
        let file = self.inode();
        let synced = self.operate(Call::Sync { file }, |machine, _| {
            machine.volume.file_mut(file).sync();
            Ok(())
        });
        self.told(synced)
    }

    fn try_lock(&self) -> io::Result<()> {
        let mut machine = self.fs.lock();
        machine.try_lock(self.process, self.handle, Lock::Exclusive)
    }

    fn try_lock_shared(&self) -> io::Result<()> {
        let mut machine = self.fs.lock();
        machine.try_lock(self.process, self.handle, Lock::Shared)
    }

    fn unlock(&self) -> io::Result<()> {
        let mut machine = self.fs.lock();
        machine.check_alive(self.process)?;
        machine.unlock(self.handle);
        Ok(())
    }
}

fn limited(len: usize, limit: u64) -> usize {
    usize::try_from(limit).map_or(len, |limit| len.min(limit))
}
