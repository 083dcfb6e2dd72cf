//! Registered readers, for processes that want to remove a file.
//!
//! Appenders do not check: nothing that a reader sees changes in place.

use std::io;
use std::path::Path;

use crate::disk::RealFile;
use crate::{BlockReader, FileWriter, IoError, MmapStore, OpenError, Operation, raw};

impl BlockReader {
    /// Registers this reader with the file until it, its clones and their passes and blocks
    /// are dropped: [`has_readers`] then returns true. Idempotent.
    ///
    /// It is a shared lock on one byte far beyond the end of the file, and belongs to the
    /// open file description: a forked child has it, too. Appenders ignore it, except on
    /// NFS, where all locks of a file are of one kind and it fails while an appender lives.
    ///
    /// # Errors
    ///
    /// [`IoError`]: the system refuses, or is not Linux.
    pub fn register(&self) -> Result<(), IoError> {
        register(self.source().disk(), self.path())
    }
}

impl MmapStore {
    /// Registers this store as a reader of its file until it and its snapshots are dropped,
    /// like [`BlockReader::register`]; [`reopen`](Self::reopen) registers it again.
    ///
    /// # Errors
    ///
    /// As [`BlockReader::register`].
    pub fn register(&self) -> Result<(), IoError> {
        let (file, path) = self.file();
        register(file, path)
    }
}

impl FileWriter {
    /// Tells whether others have registered as readers of the file, like [`has_readers`].
    ///
    /// # Errors
    ///
    /// As [`BlockReader::register`].
    pub fn has_readers(&self) -> Result<bool, IoError> {
        is_read(self.source().disk(), self.source().path())
    }
}

/// Tells whether any process on this machine has [registered](BlockReader::register) as a
/// reader of the file.
///
/// A process may open the file before this check and register after it. To remove a file
/// safely, rename it first, then check, and restore its name if it has readers. A reader
/// registers, and then checks that the path still names its file: [`MmapStore::refresh`]
/// does.
///
/// ```
/// use ng_store::{BlockReader, CreateOptions, FileWriter, has_readers};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("first.ngt");
/// FileWriter::create(&path, &CreateOptions::new())?;
/// let reader = BlockReader::open(&path)?;
/// assert!(!has_readers(&path)?);
/// reader.register()?;
/// assert!(has_readers(&path)?);
/// drop(reader);
/// assert!(!has_readers(&path)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`OpenError`]: the file cannot be opened, or the system does not say.
pub fn has_readers(path: impl AsRef<Path>) -> Result<bool, OpenError> {
    let path = path.as_ref();
    Ok(is_read(&RealFile::open(path, false)?, path)?)
}

pub(crate) fn register(file: &RealFile, path: &Path) -> Result<(), IoError> {
    let locked = file.register();
    locked.map_err(|source| failed(path, Operation::Lock, source))
}

fn is_read(file: &RealFile, path: &Path) -> Result<bool, IoError> {
    let locked = raw::is_locked_by_readers(file.file());
    locked.map_err(|source| failed(path, Operation::Inspect, source))
}

fn failed(path: &Path, operation: Operation, source: io::Error) -> IoError {
    IoError {
        path: path.to_owned(),
        operation,
        offset: None,
        source,
    }
}
