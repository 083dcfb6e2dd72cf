//! A file that says it is as long as it likes.

use std::io;
use std::sync::Mutex;

use ng_store::disk::{Dir, Disk};

/// From here on writes are refused, as a full disk does.
const MOST_BYTES: u64 = 16 << 20;

/// Bytes at the begin of a file, and zeros up to a length.
pub struct LyingDisk {
    bytes: Mutex<Vec<u8>>,
    len: u64,
}

impl LyingDisk {
    /// A file that begins with `bytes` and is `len` bytes long, if not shorter
    /// than they are.
    pub fn new(bytes: &[u8], len: u64) -> Self {
        Self {
            bytes: Mutex::new(bytes.to_vec()),
            len,
        }
    }

    fn bytes(&self) -> std::sync::MutexGuard<'_, Vec<u8>> {
        self.bytes.lock().expect("no other thread")
    }
}

impl Disk for LyingDisk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.len.max(self.bytes().len() as u64))
    }

    fn set_len(&self, _len: u64) -> io::Result<()> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let left = self.len()?.saturating_sub(offset);
        let count = left.min(buffer.len() as u64) as usize;
        let bytes = self.bytes();
        let start = usize::try_from(offset)
            .unwrap_or(usize::MAX)
            .min(bytes.len());
        let have = &bytes[start..];
        let known = have.len().min(count);
        buffer[..known].copy_from_slice(&have[..known]);
        buffer[known..count].fill(0);
        Ok(count)
    }

    fn write_at(&self, buffer: &[u8], offset: u64) -> io::Result<usize> {
        let end = offset.saturating_add(buffer.len() as u64);
        if end > MOST_BYTES {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let mut bytes = self.bytes();
        let end = end as usize;
        if bytes.len() < end {
            bytes.resize(end, 0);
        }
        bytes[offset as usize..end].copy_from_slice(buffer);
        Ok(buffer.len())
    }

    fn allocate(&self, _offset: u64, _len: u64) -> io::Result<()> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn start_writeback(&self, _offset: u64, _len: u64) -> io::Result<()> {
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

/// A folder that can be synced, and nothing else.
pub struct LyingDir;

impl Dir for LyingDir {
    type File = LyingDisk;

    fn create_exclusive(&self, _name: &str) -> io::Result<LyingDisk> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn open(&self, _name: &str, _writable: bool) -> io::Result<LyingDisk> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn rename_noreplace(&self, _from: &str, _to: &str) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn rename(&self, _from: &str, _to: &str) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn unlink(&self, _name: &str) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}
