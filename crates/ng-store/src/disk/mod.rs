//! What a file store needs from a file system, as two traits, so that power loss and
//! failing operations can be simulated.

mod cached;
mod holder;
mod lock;
mod passing;
#[cfg(any(test, feature = "rules"))]
mod read_buffer;
mod real;
mod real_dir;
#[cfg(any(test, feature = "sim"))]
pub mod sim;
mod source;
#[cfg(target_os = "linux")]
mod uncached;
#[cfg(any(test, feature = "rules"))]
mod whole;

use std::io;
use std::sync::Arc;

pub(crate) use cached::Cached;
pub use passing::Passing;
#[cfg(any(test, feature = "rules"))]
pub use read_buffer::ReadBuffer;
pub use real::{NameState, RealFile};
pub use real_dir::RealDir;
pub(crate) use source::Source;
#[cfg(any(test, feature = "rules"))]
pub use whole::{read_whole, write_whole};

/// An open file.
///
/// Every method may fail like the system call behind it. Like the calls, `read_at` and
/// `write_at` may be short or interrupted: the caller continues.
#[allow(
    clippy::len_without_is_empty,
    clippy::missing_errors_doc,
    reason = "a trait over system calls: nobody asks whether a disk is empty, and all may fail"
)]
pub trait Disk: Send + Sync {
    /// The length in bytes.
    fn len(&self) -> io::Result<u64>;

    /// Truncates or extends the file; new bytes are a hole.
    fn set_len(&self, len: u64) -> io::Result<()>;

    /// Reads some bytes at `offset`; 0 at the end.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes some bytes at `offset`, extending the file if needed.
    fn write_at(&self, buffer: &[u8], offset: u64) -> io::Result<usize>;

    /// Allocates blocks for the range, extending the file if needed, so that writing there
    /// needs no more space. `Unsupported` if the file system has no such call.
    fn allocate(&self, offset: u64, len: u64) -> io::Result<()>;

    /// How many more bytes the file system has for this file, if it says.
    fn free_bytes(&self) -> io::Result<Option<u64>> {
        Ok(None)
    }

    /// The maximum file length in bytes for this process, if limited.
    fn longest(&self) -> io::Result<Option<u64>> {
        Ok(None)
    }

    /// Tells whether a written block is overwritten in place, and more cheaply than the
    /// first time.
    fn writes_in_place(&self) -> bool {
        true
    }

    /// Starts writeback of the range, without waiting.
    fn start_writeback(&self, offset: u64, len: u64) -> io::Result<()>;

    /// Writes back the rest of the range, and waits for it. [`sync`](Self::sync) does not
    /// repeat a failure reported here.
    fn finish_writeback(&self, offset: u64, len: u64) -> io::Result<()> {
        let _ = (offset, len);
        Ok(())
    }

    /// Writes like [`write_at`](Self::write_at), starts writeback, and makes the system
    /// drop the pages once written. `Unsupported` if it cannot.
    fn write_uncached_at(&self, buffer: &[u8], offset: u64) -> io::Result<usize> {
        let _ = (buffer, offset);
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Reads like [`read_at`](Self::read_at), without filling the page cache. `Unsupported`
    /// if it cannot, or not into this buffer: address, length and offset should be
    /// multiples of [`UNCACHED_ALIGN`].
    fn read_uncached_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let _ = (buffer, offset);
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Tells how many bytes of the range are in the page cache, in whole pages, if the
    /// system says.
    fn cached_bytes(&self, offset: u64, len: u64) -> io::Result<Option<u64>> {
        let _ = (offset, len);
        Ok(None)
    }

    /// Calls `each` with the offset of each cached page of the range; `false` if the system
    /// does not say.
    fn cached_pages(&self, offset: u64, len: u64, each: &mut dyn FnMut(u64)) -> io::Result<bool> {
        let _ = (offset, len, each);
        Ok(false)
    }

    /// Asks the system to drop the range's clean, unmapped pages. A hint.
    fn drop_cached(&self, offset: u64, len: u64) {
        let _ = (offset, len);
    }

    /// Makes data and length durable (`fdatasync`).
    fn sync(&self) -> io::Result<()>;

    /// Takes the writer's lock, without waiting, until the file is dropped or
    /// [unlocked](Self::unlock). `WouldBlock` if another opener has it or a
    /// [shared](Self::try_lock_shared) one; idempotent. `InvalidInput` if this opener has
    /// the shared one, which must be given back first: exchanging them is not atomic.
    ///
    /// A disk with a single opener needs none, and returns success.
    fn try_lock(&self) -> io::Result<()> {
        Ok(())
    }

    /// Takes a lock that any number of openers can have at once, without waiting, until the
    /// file is dropped or [unlocked](Self::unlock). `WouldBlock` if another opener has the
    /// [writer's](Self::try_lock); idempotent, and an opener that has the writer's keeps
    /// that.
    ///
    /// A disk with a single opener needs none, and returns success.
    fn try_lock_shared(&self) -> io::Result<()> {
        Ok(())
    }

    /// Gives back the lock that this opener has, if any.
    fn unlock(&self) -> io::Result<()> {
        Ok(())
    }

    /// Tells whether this process opened the file. After a fork the child has its parent's
    /// files and locks, and must not write to them.
    ///
    /// A disk that no fork shares returns `true`.
    fn is_ours(&self) -> bool {
        true
    }

    /// Returns the process that took the writer's lock, if the system says.
    fn lock_holder(&self) -> Option<u32> {
        None
    }
}

/// A disk by which a reader can move to later commits. A pass is not one: it is bound to its
/// commit.
pub trait Followed: Disk {}

impl<D: Followed + ?Sized> Followed for &D {}

impl<D: Followed + ?Sized> Followed for Arc<D> {}

/// The alignment of address, length and offset of an uncached read: a page.
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

            fn try_lock_shared(&self) -> io::Result<()> {
                (**self).try_lock_shared()
            }

            fn unlock(&self) -> io::Result<()> {
                (**self).unlock()
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

/// A folder and its entries. Every method may fail, like those of [`Disk`].
#[allow(
    clippy::missing_errors_doc,
    reason = "a trait over system calls: all may fail"
)]
pub trait Dir {
    /// The files in it.
    type File: Disk;

    /// Creates a file that must not exist, for reading and writing.
    fn create_exclusive(&self, name: &str) -> io::Result<Self::File>;

    /// Opens a file, read-only unless `writable`.
    fn open(&self, name: &str, writable: bool) -> io::Result<Self::File>;

    /// Creates a folder in it; the name must be free (`AlreadyExists`). Its entry is durable
    /// once this folder is [synced](Self::sync), those inside once the new one is.
    ///
    /// `Unsupported` in a folder that has none.
    fn create_folder(&self, name: &str) -> io::Result<()> {
        let _ = name;
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Opens a folder in it. `Unsupported` in a folder that has none.
    fn folder(&self, name: &str) -> io::Result<Self>
    where
        Self: Sized,
    {
        let _ = name;
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Renames an entry; the new name must be free (`AlreadyExists`).
    ///
    /// Where the file system offers nothing better, the new name belongs to an empty, locked
    /// file at first, and a process that dies then leaves that:
    /// [`rename_noreplace_atomic`](Self::rename_noreplace_atomic) never shows one.
    fn rename_noreplace(&self, from: &str, to: &str) -> io::Result<()>;

    /// Renames an entry like [`rename_noreplace`](Self::rename_noreplace), so that the new
    /// name belongs to that file from the beginning. The old name may stay for a moment, and
    /// stays if the process dies then. `Unsupported` if the file system has no way for that.
    fn rename_noreplace_atomic(&self, from: &str, to: &str) -> io::Result<()> {
        self.rename_noreplace(from, to)
    }

    /// Renames an entry, replacing any entry of that name.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes an entry.
    fn unlink(&self, name: &str) -> io::Result<()>;

    /// Makes the entries durable.
    fn sync(&self) -> io::Result<()>;

    /// The Unicode names of its regular files, in any order.
    ///
    /// A folder without leftovers need not be listed, and returns none.
    fn names(&self) -> io::Result<Vec<String>> {
        Ok(Vec::new())
    }

    /// Tells whether this process created the handle, like [`Disk::is_ours`].
    fn is_ours(&self) -> bool {
        true
    }

    /// Tells whether an entry `name` exists, of any kind.
    fn exists(&self, name: &str) -> io::Result<bool> {
        match self.open(name, false) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::IsADirectory => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Tells whether `name` still names `file`, which was opened by that name.
    ///
    /// A folder in which nobody else renames returns `true` without checking.
    fn is_named(&self, name: &str, file: &Self::File) -> io::Result<bool> {
        let _ = (name, file);
        Ok(true)
    }
}

/// A shared handle of a folder is that folder.
impl<R: Dir> Dir for Arc<R> {
    type File = R::File;

    fn create_exclusive(&self, name: &str) -> io::Result<R::File> {
        (**self).create_exclusive(name)
    }

    fn open(&self, name: &str, writable: bool) -> io::Result<R::File> {
        (**self).open(name, writable)
    }

    fn create_folder(&self, name: &str) -> io::Result<()> {
        (**self).create_folder(name)
    }

    fn folder(&self, name: &str) -> io::Result<Self> {
        (**self).folder(name).map(Self::new)
    }

    fn rename_noreplace(&self, from: &str, to: &str) -> io::Result<()> {
        (**self).rename_noreplace(from, to)
    }

    fn rename_noreplace_atomic(&self, from: &str, to: &str) -> io::Result<()> {
        (**self).rename_noreplace_atomic(from, to)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        (**self).rename(from, to)
    }

    fn unlink(&self, name: &str) -> io::Result<()> {
        (**self).unlink(name)
    }

    fn sync(&self) -> io::Result<()> {
        (**self).sync()
    }

    fn names(&self) -> io::Result<Vec<String>> {
        (**self).names()
    }

    fn is_ours(&self) -> bool {
        (**self).is_ours()
    }

    fn exists(&self, name: &str) -> io::Result<bool> {
        (**self).exists(name)
    }

    fn is_named(&self, name: &str, file: &R::File) -> io::Result<bool> {
        (**self).is_named(name, file)
    }
}
