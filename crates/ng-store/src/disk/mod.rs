//! What a file store asks of a file system, as two traits, so that power loss
//! and failing operations can be simulated.

mod holder;
mod real;
mod real_dir;
#[cfg(any(test, feature = "sim"))]
pub mod sim;
mod source;

use std::io;

pub use real::{NameState, RealFile};
pub use real_dir::RealDir;
pub(crate) use source::Source;

/// An open file.
///
/// Every method may fail as the system call behind it does. `read_at` and
/// `write_at` may be short or interrupted, as the calls are: whoever calls them
/// goes on.
#[expect(
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

    /// Starts to write the range out, and does not wait.
    fn start_writeback(&self, offset: u64, len: u64) -> io::Result<()>;

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

impl<D: Disk> Disk for &D {
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

    fn start_writeback(&self, offset: u64, len: u64) -> io::Result<()> {
        (**self).start_writeback(offset, len)
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

/// A folder, and the entries in it. Every method may fail, as those of [`Disk`].
#[expect(
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
