use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
#[cfg(target_os = "linux")]
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::lock::Lock;
#[cfg(target_os = "linux")]
use super::uncached;
use super::{Disk, Followed};
use crate::inode;
#[cfg(unix)]
use crate::inode::Inode;
use crate::{FileKind, IoError, OpenError, Operation, ProcessMark};

/// What a path now names, seen by a process that opened a file by it:
/// [`RealFile::name_state`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NameState {
    /// The file that was opened.
    Ours,
    /// Another file, which replaced it.
    Another,
    /// Nothing; the file has another name.
    Moved,
    /// Nothing, and the file has no name left: it is gone when closed.
    Gone,
}

/// A file of the operating system.
#[derive(Debug)]
pub struct RealFile {
    file: File,
    /// The same file, reopened for uncached reads at the first one; `None` if that is
    /// impossible.
    #[cfg(target_os = "linux")]
    direct: OnceLock<Option<File>>,
    /// The lock that it has. The effect of locking a description twice depends on the
    /// system.
    lock: Mutex<Option<Lock>>,
    /// Whether it was registered as a reader.
    registered: AtomicBool,
    opener: Opener,
}

/// The process that created a handle. A child has the handle, too, and shares the open
/// file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Opener(ProcessMark);

/// The error of a child that would change something through its parent's handle.
#[derive(Debug, thiserror::Error)]
#[error("opened by another process, before a fork")]
struct NotOurs;

impl Opener {
    pub(super) fn this_process() -> Self {
        Self(ProcessMark::of_this_process())
    }

    pub(super) fn is_this_process(self) -> bool {
        self.0.is_this_process()
    }

    fn check(self) -> io::Result<()> {
        match self.is_this_process() {
            true => Ok(()),
            false => Err(io::Error::other(NotOurs)),
        }
    }
}

impl RealFile {
    /// Opens the regular file at `path`, read-only unless `writable`.
    ///
    /// A pipe, a device or a folder is refused without blocking.
    ///
    /// # Errors
    ///
    /// [`OpenError::Io`] or [`OpenError::NotAFile`].
    pub fn open(path: &Path, writable: bool) -> Result<Self, OpenError> {
        let io_error = |operation, source| IoError {
            path: path.to_owned(),
            operation,
            offset: None,
            source,
        };
        let opening = |source| io_error(Operation::Open, source);
        // Check first, because opening a device can have side effects. Check again after
        // opening, because the path may name another file now.
        refuse_special(path, fs::metadata(path).map_err(opening)?.file_type())?;
        let file = open_options(writable).open(path).map_err(opening)?;
        let metadata = file.metadata();
        let metadata = metadata.map_err(|source| io_error(Operation::Inspect, source))?;
        refuse_special(path, metadata.file_type())?;
        Ok(Self::new(file))
    }

    /// Registers the open file as a reader.
    pub(crate) fn register(&self) -> io::Result<()> {
        crate::raw::lock_as_reader(&self.file)?;
        self.registered.store(true, Ordering::Relaxed);
        Ok(())
    }

    pub(crate) fn is_registered(&self) -> bool {
        self.registered.load(Ordering::Relaxed)
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Starts to load exactly these bytes into memory. A hint: it may do nothing, and a
    /// later read reports any error.
    pub(crate) fn start_read(&self, offset: u64, bytes: u64) {
        #[cfg(target_os = "linux")]
        let _ = rustix::fs::fadvise(
            &self.file,
            offset,
            std::num::NonZeroU64::new(bytes),
            rustix::fs::Advice::WillNeed,
        );
        let _ = (offset, bytes);
    }

    /// Tells what `path` names now, following links, for the opener of this file.
    ///
    /// # Errors
    ///
    /// The system refuses the check.
    #[cfg(unix)]
    pub fn name_state(&self, path: &Path) -> io::Result<NameState> {
        let opened = Inode::of(&self.file)?;
        match Inode::at(path) {
            Ok(named) if named.id == opened.id => Ok(NameState::Ours),
            Ok(_) => Ok(NameState::Another),
            Err(error) if is_nothing(&error) && opened.names == 0 => Ok(NameState::Gone),
            Err(error) if is_nothing(&error) => Ok(NameState::Moved),
            Err(error) => Err(error),
        }
    }

    /// Such systems refuse to replace a file that is open.
    #[cfg(not(unix))]
    pub fn name_state(&self, _path: &Path) -> io::Result<NameState> {
        Ok(NameState::Ours)
    }

    /// Tells whether `path` names this file.
    pub(crate) fn is_at(&self, path: &Path) -> io::Result<bool> {
        Ok(self.name_state(path)? == NameState::Ours)
    }

    /// The lock that this handle has. Not in a child: a thread that does not exist in this
    /// fork may hold the mutex.
    fn lock(&self) -> io::Result<MutexGuard<'_, Option<Lock>>> {
        self.opener.check()?;
        Ok(self.lock.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn take(&self, wanted: Lock) -> io::Result<()> {
        let mut lock = self.lock()?;
        if wanted.is_covered_by(*lock)? {
            return Ok(());
        }
        match wanted {
            Lock::Exclusive => self.file.try_lock(),
            Lock::Shared => self.file.try_lock_shared(),
        }
        .map_err(refused)?;
        *lock = Some(wanted);
        Ok(())
    }

    pub(super) fn new(file: File) -> Self {
        Self {
            file,
            #[cfg(target_os = "linux")]
            direct: OnceLock::new(),
            lock: Mutex::default(),
            registered: AtomicBool::new(false),
            opener: Opener::this_process(),
        }
    }
}

/// Wraps an open regular file.
impl From<File> for RealFile {
    fn from(file: File) -> Self {
        Self::new(file)
    }
}

impl Drop for RealFile {
    /// Releases the lock explicitly: a map of the file keeps the description open that
    /// holds it, and snapshots may live on. A child shares the description, and would
    /// release its parent's lock.
    fn drop(&mut self) {
        let lock = self.lock.get_mut().unwrap_or_else(PoisonError::into_inner);
        if lock.is_some() && self.opener.is_this_process() {
            // It fails only if the file is not locked.
            let _ = self.file.unlock();
        }
    }
}

impl Followed for RealFile {}

impl Disk for RealFile {
    fn len(&self) -> io::Result<u64> {
        inode::length(&self.file)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.opener.check()?;
        self.file.set_len(len)
    }

    #[cfg(unix)]
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(&self.file, buffer, offset)
    }

    #[cfg(windows)]
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(&self.file, buffer, offset)
    }

    #[cfg(unix)]
    fn write_at(&self, buffer: &[u8], offset: u64) -> io::Result<usize> {
        self.opener.check()?;
        std::os::unix::fs::FileExt::write_at(&self.file, buffer, offset)
    }

    #[cfg(windows)]
    fn write_at(&self, buffer: &[u8], offset: u64) -> io::Result<usize> {
        self.opener.check()?;
        std::os::windows::fs::FileExt::seek_write(&self.file, buffer, offset)
    }

    #[cfg(target_os = "linux")]
    fn allocate(&self, offset: u64, len: u64) -> io::Result<()> {
        use rustix::fs::{FallocateFlags, fallocate};
        use rustix::io::Errno;

        self.opener.check()?;
        match fallocate(&self.file, FallocateFlags::empty(), offset, len) {
            Ok(()) => Ok(()),
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => Err(io::ErrorKind::Unsupported.into()),
            Err(errno) => Err(errno.into()),
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn allocate(&self, _offset: u64, _len: u64) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    #[cfg(target_os = "linux")]
    fn free_bytes(&self) -> io::Result<Option<u64>> {
        let stat = rustix::fs::fstatvfs(&self.file)?;
        // A file system without blocks does not count its space.
        let counts = stat.f_blocks > 0;
        Ok(counts.then(|| stat.f_bavail.saturating_mul(stat.f_frsize)))
    }

    #[cfg(target_os = "linux")]
    fn longest(&self) -> io::Result<Option<u64>> {
        Ok(crate::environment::file_size_limit())
    }

    #[cfg(target_os = "linux")]
    fn writes_in_place(&self) -> bool {
        /// ext2 to ext4, and XFS: `linux/magic.h`. Others write to a new place each time,
        /// or in memory, or have no known gain.
        const KNOWN: [u64; 2] = [0xEF53, 0x5846_5342];
        let kind = rustix::fs::fstatfs(&self.file).map(|told| told.f_type as u64);
        kind.is_ok_and(|kind| KNOWN.contains(&(kind & 0xFFFF_FFFF)))
    }

    #[cfg(not(target_os = "linux"))]
    fn writes_in_place(&self) -> bool {
        false
    }

    fn start_writeback(&self, offset: u64, len: u64) -> io::Result<()> {
        self.opener.check()?;
        crate::raw::start_writeback(&self.file, offset, len)
    }

    fn finish_writeback(&self, offset: u64, len: u64) -> io::Result<()> {
        self.opener.check()?;
        crate::raw::finish_writeback(&self.file, offset, len)
    }

    #[cfg(target_os = "linux")]
    fn write_uncached_at(&self, buffer: &[u8], offset: u64) -> io::Result<usize> {
        self.opener.check()?;
        uncached::write_at(&self.file, buffer, offset)
    }

    #[cfg(target_os = "linux")]
    fn read_uncached_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let direct = self.direct.get_or_init(|| uncached::reopen(&self.file));
        match direct {
            Some(direct) => uncached::read_at(direct, buffer, offset),
            None => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    fn cached_bytes(&self, offset: u64, len: u64) -> io::Result<Option<u64>> {
        crate::raw::cached_bytes(&self.file, offset, len)
    }

    /// By a map that is never accessed.
    #[cfg(target_os = "linux")]
    fn cached_pages(&self, offset: u64, len: u64, each: &mut dyn FnMut(u64)) -> io::Result<bool> {
        let Ok(bytes) = usize::try_from(len) else {
            return Ok(false);
        };
        if bytes == 0 {
            return Ok(true);
        }
        let before = offset % rustix::param::page_size() as u64;
        let map = memmap2::MmapOptions::new()
            .offset(offset - before)
            .len(bytes + before as usize)
            .map_raw_read_only(&self.file)?;
        let told = crate::raw::cached_pages(&map, 0..map.len(), &mut |at| {
            each(offset - before + at);
        });
        Ok(told.is_some())
    }

    #[cfg(target_os = "linux")]
    fn drop_cached(&self, offset: u64, len: u64) {
        // A length of 0 would mean the rest of the file.
        if let Some(len) = std::num::NonZeroU64::new(len) {
            let advice = rustix::fs::Advice::DontNeed;
            let _ = rustix::fs::fadvise(&self.file, offset, Some(len), advice);
        }
    }

    /// Not by the standard library, which retries an interrupted sync. Not in a child: the
    /// kernel would report to it an error that its parent needs.
    #[cfg(target_os = "linux")]
    fn sync(&self) -> io::Result<()> {
        self.opener.check()?;
        Ok(rustix::fs::fdatasync(&self.file)?)
    }

    #[cfg(not(target_os = "linux"))]
    fn sync(&self) -> io::Result<()> {
        self.opener.check()?;
        self.file.sync_data()
    }

    fn is_ours(&self) -> bool {
        self.opener.is_this_process()
    }

    fn try_lock(&self) -> io::Result<()> {
        self.take(Lock::Exclusive)
    }

    fn try_lock_shared(&self) -> io::Result<()> {
        self.take(Lock::Shared)
    }

    fn unlock(&self) -> io::Result<()> {
        let mut lock = self.lock()?;
        if lock.is_some() {
            self.file.unlock()?;
            *lock = None;
        }
        Ok(())
    }

    fn lock_holder(&self) -> Option<u32> {
        super::holder::lock_holder(&self.file)
    }
}

fn refused(error: TryLockError) -> io::Error {
    match error {
        TryLockError::WouldBlock => io::ErrorKind::WouldBlock.into(),
        TryLockError::Error(error) => error,
    }
}

fn open_options(writable: bool) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(writable);
    // Opening a pipe then returns at once; it has no effect on a regular file.
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits() as i32);
    }
    options
}

/// Tells whether a path names nothing, including a dangling link.
#[cfg(unix)]
fn is_nothing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// Refuses anything but a regular file.
fn refuse_special(path: &Path, kind: fs::FileType) -> Result<(), OpenError> {
    FileKind::unless_regular(kind).map_or(Ok(()), |found| {
        Err(OpenError::NotAFile {
            path: path.to_owned(),
            found,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::{Dir, RealDir};

    #[test]
    fn what_a_path_means_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let file = RealDir::open(folder.path())
            .unwrap()
            .create_exclusive("a")
            .unwrap();
        std::os::unix::fs::symlink(path("a"), path("link")).unwrap();
        let state = |name: &str| file.name_state(&path(name)).unwrap();
        assert_eq!([state("a"), state("link")], [NameState::Ours; 2]);
        fs::hard_link(path("a"), path("b")).unwrap();
        fs::remove_file(path("a")).unwrap();
        assert_eq!([state("a"), state("link")], [NameState::Moved; 2]);
        assert_eq!(state("b"), NameState::Ours);
        assert_eq!(state("b/beyond"), NameState::Moved);
        fs::write(path("a"), "another").unwrap();
        assert_eq!([state("a"), state("link")], [NameState::Another; 2]);
        fs::remove_file(path("b")).unwrap();
        assert_eq!(
            [state("a"), state("b")],
            [NameState::Another, NameState::Gone]
        );
    }
}
