//! What a file store asks of a file system, as two traits, so that power loss
//! and failing operations can be simulated.

mod cached;
mod holder;
mod passing;
mod real;
mod real_dir;
#[cfg(any(test, feature = "sim"))]
pub mod sim;
mod source;
#[cfg(target_os = "linux")]
mod uncached;

use std::io;
use std::sync::Arc;

pub(crate) use cached::Cached;
pub use passing::Passing;
pub use real::{NameState, RealFile};
pub use real_dir::RealDir;
pub(crate) use source::Source;

/// An open file.
///
/// Every method may fail as the system call behind it does. `read_at` and
/// `write_at` may be short or interrupted, as the calls are: whoever calls them
/// goes on.
#[allow(
    clippy::len_without_is_empty,
    clippy::missing_errors_doc,
    reason = "a seam over system calls: nobody asks whether a disk is empty, and all may fail"
)]
pub trait Disk: Send + Sync {
    /// The length in bytes.
    fn len(&self) -> io::Result<u64>;

    /// Cuts or extends the file; new bytes are a hole.
    fn set_len(&self, len: u64) -> io::Result<()>;

    /// Reads some bytes at `offset`; 0 at the end.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes some bytes at `offset`, extending the file if needed.
    fn write_at(&self, buffer: &[u8], offset: u64) -> io::Result<usize>;

    /// Gives the range blocks of its own, extending the file if needed, so that
    /// writing there needs no more room. `Unsupported` where the file system
    /// has no such call.
    fn allocate(&self, offset: u64, len: u64) -> io::Result<()>;

    /// How many bytes the file system has for this file beside those it has, as
    /// far as it tells.
    fn free_bytes(&self) -> io::Result<Option<u64>> {
        Ok(None)
    }

    /// The length in bytes that this process may give a file at most, if there
    /// is a limit.
    fn longest(&self) -> io::Result<Option<u64>> {
        Ok(None)
    }

    /// Tells whether a block that was written once is written over in its place, and
    /// more cheaply than the first time.
    fn writes_in_place(&self) -> bool {
        true
    }

    /// Starts to write the range out, and does not wait.
    fn start_writeback(&self, offset: u64, len: u64) -> io::Result<()>;

    /// Writes the range out as far as it is not, and waits for it. A failure that is told here is not told again by [`sync`](Self::sync).
    fn finish_writeback(&self, offset: u64, len: u64) -> io::Result<()> {
        let _ = (offset, len);
        Ok(())
    }

    /// Writes as [`write_at`](Self::write_at) does, starts to write it out, and has
    /// the system drop the pages when they are written. `Unsupported` where it
    /// cannot.
    fn write_uncached_at(&self, buffer: &[u8], offset: u64) -> io::Result<usize> {
        let _ = (buffer, offset);
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Reads as [`read_at`](Self::read_at) does, and brings nothing into the page
    /// cache. `Unsupported` where it cannot, or not into this buffer: address, length
    /// and offset should be multiples of [`UNCACHED_ALIGN`].
    fn read_uncached_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let _ = (buffer, offset);
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Tells how many bytes of the range are in the page cache, in whole pages, where
    /// the system tells.
    fn cached_bytes(&self, offset: u64, len: u64) -> io::Result<Option<u64>> {
        let _ = (offset, len);
        Ok(None)
    }

    /// Calls `each` with the offset of each page of the range that is in the page
    /// cache; `false` where the system does not tell.
    fn cached_pages(&self, offset: u64, len: u64, each: &mut dyn FnMut(u64)) -> io::Result<bool> {
        let _ = (offset, len, each);
        Ok(false)
    }

    /// Has the system drop the pages of the range that are written out and that
    /// nobody has mapped. A hint.
    fn drop_cached(&self, offset: u64, len: u64) {
        let _ = (offset, len);
    }

    /// Makes data and length durable (`fdatasync`).
    fn sync(&self) -> io::Result<()>;

    /// Takes the writer's lock, without waiting, until the file is dropped.
    /// `WouldBlock` if another opener has it; taking it twice is taking it once.
    ///
    /// A disk that has one opener at a time needs none, and says yes.
    fn try_lock(&self) -> io::Result<()> {
        Ok(())
    }

    /// Tells whether this process opened the file. After a fork the child has
    /// its parent's files, with their locks, and must not write to them.
    ///
    /// A disk that no fork shares says yes.
    fn is_ours(&self) -> bool {
        true
    }

    /// Returns the process that took the writer's lock, where the system tells.
    fn lock_holder(&self) -> Option<u32> {
        None
    }
}

/// What address, length and offset of an uncached read are multiples of: a page.
pub const UNCACHED_ALIGN: usize = 4096;

/// Makes a shared handle of a disk that disk.
macro_rules! shared {
    ($shared:ty) => {
        impl<D: Disk + ?Sized> Disk for $shared {
            fn len(&self) -> io::Result<u64> {
                (**self).len()
            }

            fn set_len(&self, len: u64) -> io::Result<()> {
                (**self).set_len(len)
            }

            fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
                (**self).read_at(buffer, offset)
            }

            fn write_at(&self, buffer: &[u8], offset: u64) -> io::Result<usize> {
                (**self).write_at(buffer, offset)
            }

            fn allocate(&self, offset: u64, len: u64) -> io::Result<()> {
                (**self).allocate(offset, len)
            }

            fn free_bytes(&self) -> io::Result<Option<u64>> {
                (**self).free_bytes()
            }

            fn longest(&self) -> io::Result<Option<u64>> {
                (**self).longest()
            }

            fn writes_in_place(&self) -> bool {
                (**self).writes_in_place()
            }

            fn start_writeback(&self, offset: u64, len: u64) -> io::Result<()> {
                (**self).start_writeback(offset, len)
            }

            fn finish_writeback(&self, offset: u64, len: u64) -> io::Result<()> {
                (**self).finish_writeback(offset, len)
            }

            fn write_uncached_at(&self, buffer: &[u8], offset: u64) -> io::Result<usize> {
                (**self).write_uncached_at(buffer, offset)
            }

            fn read_uncached_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
                (**self).read_uncached_at(buffer, offset)
            }

            fn cached_bytes(&self, offset: u64, len: u64) -> io::Result<Option<u64>> {
                (**self).cached_bytes(offset, len)
            }

            fn cached_pages(
                &self,
                offset: u64,
                len: u64,
                each: &mut dyn FnMut(u64),
            ) -> io::Result<bool> {
                (**self).cached_pages(offset, len, each)
            }

            fn drop_cached(&self, offset: u64, len: u64) {
                (**self).drop_cached(offset, len);
            }

            fn sync(&self) -> io::Result<()> {
                (**self).sync()
            }

            fn try_lock(&self) -> io::Result<()> {
                (**self).try_lock()
            }

            fn is_ours(&self) -> bool {
                (**self).is_ours()
            }

            fn lock_holder(&self) -> Option<u32> {
                (**self).lock_holder()
            }
        }
    };
}

shared!(&D);
shared!(Arc<D>);

/// A folder, and the entries in it. Every method may fail, as those of [`Disk`].
#[allow(
    clippy::missing_errors_doc,
    reason = "a seam over system calls: all may fail"
)]
pub trait Dir {
    /// The files in it.
    type File: Disk;

    /// Creates a file that must not exist, for reading and writing.
    fn create_exclusive(&self, name: &str) -> io::Result<Self::File>;

    /// Opens a file; for reading only unless `writable`.
    fn open(&self, name: &str, writable: bool) -> io::Result<Self::File>;

    /// Gives an entry another name, which must be free (`AlreadyExists`).
    fn rename_noreplace(&self, from: &str, to: &str) -> io::Result<()>;

    /// Gives an entry another name, replacing what had it.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes an entry.
    fn unlink(&self, name: &str) -> io::Result<()>;

    /// Makes the entries durable.
    fn sync(&self) -> io::Result<()>;

    /// The names of the regular files in it that are Unicode, in any order.
    ///
    /// A folder in which nobody leaves anything behind need not be listed, and
    /// says none.
    fn names(&self) -> io::Result<Vec<String>> {
        Ok(Vec::new())
    }

    /// Tells whether this process made the handle, as [`Disk::is_ours`] does.
    fn is_ours(&self) -> bool {
        true
    }

    /// Tells whether `name` is there, an entry of whatever kind.
    fn exists(&self, name: &str) -> io::Result<bool> {
        match self.open(name, false) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Tells whether `name` still names `file`, which was opened by that name.
    ///
    /// A folder in which nobody else renames needs no look, and says yes.
    fn is_named(&self, name: &str, file: &Self::File) -> io::Result<bool> {
        let _ = (name, file);
        Ok(true)
    }
}
