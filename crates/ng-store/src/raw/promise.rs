use std::path::Path;

use crate::mmap_store::Mapping;
use crate::{
    AppendOptions, CreateError, CreateOptions, MapOptions, MmapStore, OpenError, PrivateStore,
};

/// The proof that the caller has made the promise that a map relies on.
///
/// Made only by [`Promise::given`], so that safe code cannot map a file.
#[derive(Clone, Copy)]
pub(crate) struct Promise(());

impl Promise {
    /// # Safety
    ///
    /// While anything mapped under this promise lives, nobody shrinks the file
    /// or changes bytes below its committed length, in this process or another.
    const unsafe fn given() -> Self {
        Self(())
    }

    const fn mapping(self, options: &MapOptions) -> Mapping {
        Mapping {
            promise: self,
            options: *options,
        }
    }
}

/// The constructors that map a file.
///
/// All are `unsafe` for the same reason: a map depends on the file below it. The caller
/// promises that, while the store or a snapshot of it lives, **nobody shrinks the file or
/// changes its bytes below the committed length**, in this process or another. Truncating
/// or overwriting the file in place breaks the promise: tokens may then change under a
/// reader, or a read may kill the process (SIGBUS).
///
/// Stores of this crate, including appenders, keep it, except for a commit that was **taken
/// back**: its last sync failed, and a later appender found the previous commit and
/// overwrote the tokens. For a file with appenders, the caller promises that this does not
/// happen to the tokens shown, or copes with tokens that change.
/// [`refresh`](MmapStore::refresh) syncs before it shows a commit, and shows none whose
/// sync failed. It cannot rule out a commit that the store *opened* at:
///
/// - a store opened between the write of a commit and its last sync shows it before that
///   sync's outcome is known;
/// - a store opened after a failed sync, and before the next appender opens the file, is
///   not notified of the failure.
///
/// To rule out the first, call `refresh` once after opening and before accessing the
/// tokens. To rule out the second, ensure that after a commit failed
/// ([`WriteError::OutcomeUnknown`](crate::WriteError::OutcomeUnknown), or an appender that
/// died on a disk that reports errors) an appender opens the file before readers do: what
/// it found is then durable. Otherwise read a copy:
/// [`VecStore::load`](crate::VecStore::load).
/// [`refresh_unsynced`](MmapStore::refresh_unsynced) rules out neither, for any commit.
/// Snapshots of such a commit cannot be revoked; the next refresh reports that they are
/// invalid.
///
/// Without any promise, [`BlockReader`](crate::BlockReader) and
/// [`VecStore::load`](crate::VecStore::load) read the same files.
impl MmapStore {
    /// Creates a file and opens it for appending. No other writer can append while this
    /// store lives.
    ///
    /// The file gets its name once it is complete and durable. It is written under a
    /// temporary name in the same folder, `.ng-tmp-` and 16 digits; a process that dies
    /// meanwhile leaves it behind until the next file is created there.
    ///
    /// # Errors
    ///
    /// [`CreateError`]. An existing file is left alone, unless
    /// [`CreateOptions::replace`] says otherwise.
    ///
    /// # Safety
    ///
    /// While the store or a snapshot of it lives, nobody shrinks the file or
    /// changes its bytes below the committed length.
    pub unsafe fn create(
        path: impl AsRef<Path>,
        options: &CreateOptions,
    ) -> Result<Self, CreateError> {
        // SAFETY: (1) The caller makes the same promise.
        unsafe { Self::create_with(path, options, &MapOptions::new()) }
    }

    /// Creates a file, maps it by `map`, and opens it for appending; otherwise like
    /// [`create`](Self::create).
    ///
    /// # Errors
    ///
    /// As `create`.
    ///
    /// # Safety
    ///
    /// As for `create`.
    pub unsafe fn create_with(
        path: impl AsRef<Path>,
        options: &CreateOptions,
        map: &MapOptions,
    ) -> Result<Self, CreateError> {
        // SAFETY: (1) The caller makes the same promise.
        let promise = unsafe { Promise::given() };
        Self::create_promised(path.as_ref(), options, promise.mapping(map))
    }

    /// Opens a file for reading. Writes nothing, takes no lock, syncs nothing, and costs
    /// the same for any number of tokens: only the last block is checked, through the map.
    ///
    /// Another writer may append meanwhile; [`refresh`](Self::refresh) shows its commits,
    /// and confirms the commit opened at.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    ///
    /// # Safety
    ///
    /// As for [`create`](Self::create).
    pub unsafe fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        // SAFETY: (1) The caller makes the same promise.
        unsafe { Self::open_with(path, &MapOptions::new()) }
    }

    /// Opens a file for reading, and maps it by `map`; otherwise like [`open`](Self::open).
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    ///
    /// # Safety
    ///
    /// As for [`create`](Self::create).
    pub unsafe fn open_with(path: impl AsRef<Path>, map: &MapOptions) -> Result<Self, OpenError> {
        // SAFETY: (1) The caller makes the same promise.
        let promise = unsafe { Promise::given() };
        Self::open_promised(path.as_ref(), promise.mapping(map))
    }

    /// Opens a file for appending, and makes what it found durable first.
    ///
    /// # Errors
    ///
    /// [`OpenError`]; [`OpenError::Locked`] while another appender lives.
    ///
    /// # Safety
    ///
    /// As for [`create`](Self::create).
    pub unsafe fn open_append(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        // SAFETY: (1) The caller makes the same promise.
        unsafe { Self::open_append_with(path, &AppendOptions::new(), &MapOptions::new()) }
    }

    /// Opens a damaged file for appending, as far as `options` accept its losses, and maps
    /// it by `map`.
    ///
    /// # Errors
    ///
    /// As [`open_append`](Self::open_append).
    ///
    /// # Safety
    ///
    /// As for [`create`](Self::create).
    pub unsafe fn open_append_with(
        path: impl AsRef<Path>,
        options: &AppendOptions,
        map: &MapOptions,
    ) -> Result<Self, OpenError> {
        // SAFETY: (1) The caller makes the same promise.
        let promise = unsafe { Promise::given() };
        Self::open_append_promised(path.as_ref(), options, promise.mapping(map))
    }

    /// Reopens the path for reading: a new file, if it was replaced
    /// ([`OpenError::Replaced`]), or the same one after a commit was taken back. Earlier
    /// snapshots are unaffected.
    ///
    /// # Errors
    ///
    /// [`OpenError`]; the view is then unchanged. [`OpenError::NotDurable`] while the
    /// newest commit is one whose sync by this store failed. [`OpenError::Locked`] for an
    /// appender, which holds a lock and perhaps uncommitted tokens: drop it, and open
    /// another.
    ///
    /// # Safety
    ///
    /// As for [`create`](Self::create), for the newly opened file, and for the previous one
    /// while snapshots of it live.
    pub unsafe fn reopen(&mut self) -> Result<(), OpenError> {
        // SAFETY: (1) The caller makes the same promise.
        let promise = unsafe { Promise::given() };
        self.reopen_promised(promise)
    }

    /// Opens the committed tokens for private changes in memory. The file is not modified:
    /// a page is copied at its first write. [`PrivateStore`] explains how to save the
    /// changes.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    ///
    /// # Safety
    ///
    /// As for [`create`](Self::create).
    pub unsafe fn open_private(path: impl AsRef<Path>) -> Result<PrivateStore, OpenError> {
        // SAFETY: (1) The caller makes the same promise.
        let promise = unsafe { Promise::given() };
        PrivateStore::open_promised(path.as_ref(), promise)
    }
}
