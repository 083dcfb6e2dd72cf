use std::path::Path;

use crate::{CreateError, CreateOptions, MmapStore, OpenError, PrivateStore};

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
}

/// The constructors that map a file.
///
/// They are `unsafe` for one reason, the same for all: a map is only as good as
/// the file below it. Who calls one promises that, while the store or a
/// snapshot of it lives, **nobody shrinks the file or changes its bytes below
/// the committed length**, in this process or another. Stores of this crate
/// keep to that, appenders included, with one exception: a commit that a reader
/// saw before its last sync failed may be taken back by the next appender
/// ([`refresh`](MmapStore::refresh)). What breaks it is somebody who truncates or
/// overwrites the file in place: tokens may then change under a reader, or a
/// read may end the process (SIGBUS).
///
/// Without that promise, [`BlockReader`](crate::BlockReader) and
/// [`VecStore::load`](crate::VecStore::load) read the same files.
impl MmapStore {
    /// Creates a file and opens it for appending. Nobody else can append while
    /// this store lives.
    ///
    /// The file gets its name when it is whole and durable. It is written under
    /// a temporary name in the same folder, `.ng-tmp-` and 16 digits; a process
    /// that dies meanwhile leaves that behind.
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
        let promise = unsafe { Promise::given() };
        Self::create_promised(path.as_ref(), options, promise)
    }

    /// Opens a file for reading. Writes nothing, takes no lock, and costs the
    /// same for any number of tokens.
    ///
    /// Another process may append meanwhile; [`refresh`](Self::refresh) shows
    /// what it committed.
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
        let promise = unsafe { Promise::given() };
        Self::open_promised(path.as_ref(), promise)
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
        let promise = unsafe { Promise::given() };
        Self::open_append_promised(path.as_ref(), promise)
    }

    /// Opens the committed tokens to be changed in memory. The file is not
    /// touched: a page is copied when it is first written.
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
