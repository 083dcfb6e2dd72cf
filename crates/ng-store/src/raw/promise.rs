use std::path::Path;

use crate::mmap_store::Mapping;
use crate::{
    AppendOptions, CreateError, CreateOptions, MapOptions, MmapStore, OpenError, PrivateStore,
};

/// The proof that somebody has promised what a map rests on.
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
/// They are `unsafe` for one reason, the same for all: a map is only as good as
/// the file below it. Who calls one promises that, while the store or a
/// snapshot of it lives, **nobody shrinks the file or changes its bytes below
/// the committed length**, in this process or another. What breaks it is somebody
/// who truncates or overwrites the file in place: tokens may then change under a
/// reader, or a read may end the process (SIGBUS).
///
/// Stores of this crate keep to that, appenders included, except for a commit that
/// was **taken back**: its last sync failed, and an appender that came later found
/// the commit before it, and wrote other tokens over its own. Who promises for a
/// file with appenders promises that this does not happen to what is shown, or
/// copes with tokens that change. [`refresh`](MmapStore::refresh) syncs before it
/// shows a commit, and shows none whose sync failed. What it cannot rule out is a
/// commit that the store *opened* at:
///
/// - a store that is opened between the writing of a commit and its last sync shows
///   it before it is known whether that sync succeeds;
/// - a store that is opened after a sync has failed, and before the next appender
///   opens the file, is told nothing of it by the system.
///
/// To rule out the first, call `refresh` once after opening and before the tokens
/// are looked at. To rule out the second, make sure that after a commit failed
/// ([`WriteError::OutcomeUnknown`](crate::WriteError::OutcomeUnknown), or an
/// appender that died on a disk that reports errors) an appender opens the file
/// before readers do: what it found is then durable. Otherwise read what was opened
/// so as a copy: [`VecStore::load`](crate::VecStore::load).
/// [`refresh_unsynced`](MmapStore::refresh_unsynced) rules out neither, for any
/// commit. Snapshots that were taken of such a commit cannot be taken back; the
/// next refresh tells that they are not to be believed.
///
/// Without any promise, [`BlockReader`](crate::BlockReader) and
/// [`VecStore::load`](crate::VecStore::load) read the same files.
impl MmapStore {
    /// Creates a file and opens it for appending. Nobody else can append while
    /// this store lives.
    ///
    /// The file gets its name when it is whole and durable. It is written under
    /// a temporary name in the same folder, `.ng-tmp-` and 16 digits; a process
    /// that dies meanwhile leaves that behind, until the next file is created
    /// there.
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
        // SAFETY: (1) The caller promises the very same.
        unsafe { Self::create_with(path, options, &MapOptions::new()) }
    }

    /// Creates a file, maps it as `map` says, and opens it for appending; otherwise
    /// does what [`create`](Self::create) does.
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
        // SAFETY: (1) The caller promises the very same.
        let promise = unsafe { Promise::given() };
        Self::create_promised(path.as_ref(), options, promise.mapping(map))
    }

    /// Opens a file for reading. Writes nothing, takes no lock, syncs nothing, and
    /// costs the same for any number of tokens: the last block is checked, as it is
    /// mapped.
    ///
    /// Another process may append meanwhile; [`refresh`](Self::refresh) shows
    /// what it committed, and makes sure of the commit that was opened at.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    ///
    /// # Safety
    ///
    /// As for [`create`](Self::create).
    pub unsafe fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        // SAFETY: (1) The caller promises the very same.
        unsafe { Self::open_with(path, &MapOptions::new()) }
    }

    /// Opens a file for reading, and maps it as `map` says; otherwise does what
    /// [`open`](Self::open) does.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    ///
    /// # Safety
    ///
    /// As for [`create`](Self::create).
    pub unsafe fn open_with(path: impl AsRef<Path>, map: &MapOptions) -> Result<Self, OpenError> {
        // SAFETY: (1) The caller promises the very same.
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
        // SAFETY: (1) The caller promises the very same.
        unsafe { Self::open_append_with(path, &AppendOptions::new(), &MapOptions::new()) }
    }

    /// Opens a file for appending that may have lost something, as far as `options`
    /// accept it, and maps it as `map` says.
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
        // SAFETY: (1) The caller promises the very same.
        let promise = unsafe { Promise::given() };
        Self::open_append_promised(path.as_ref(), options, promise.mapping(map))
    }

    /// Opens the file anew that the path names now, for reading: another one, if it
    /// was replaced ([`OpenError::Replaced`]), or the same one after a commit was
    /// taken back. Earlier snapshots stay as they are.
    ///
    /// # Errors
    ///
    /// [`OpenError`]; the store shows what it did before. [`OpenError::NotDurable`]
    /// while the newest commit is one of which this store's sync failed.
    /// [`OpenError::Locked`] for
    /// an appender, which holds a lock and perhaps tokens that are not committed:
    /// drop it, and open another.
    ///
    /// # Safety
    ///
    /// As for [`create`](Self::create), for the file that is opened now; and still
    /// for the one before, while snapshots of it live.
    pub unsafe fn reopen(&mut self) -> Result<(), OpenError> {
        // SAFETY: (1) The caller promises the very same.
        let promise = unsafe { Promise::given() };
        self.reopen_promised(promise)
    }

    /// Opens the committed tokens to be changed in memory. The file is not
    /// touched: a page is copied when it is first written. [`PrivateStore`] has how the
    /// changes are kept.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    ///
    /// # Safety
    ///
    /// As for [`create`](Self::create).
    pub unsafe fn open_private(path: impl AsRef<Path>) -> Result<PrivateStore, OpenError> {
        // SAFETY: (1) The caller promises the very same.
        let promise = unsafe { Promise::given() };
        PrivateStore::open_promised(path.as_ref(), promise)
    }
}
