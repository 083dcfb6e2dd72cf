//! Readers that say that they are there, for those who would take a file away.
//!
//! Appenders do not ask: nothing that a reader sees changes in place.

use std::io;
use std::path::Path;

use crate::disk::RealFile;
use crate::{BlockReader, FileWriter, IoError, MmapStore, OpenError, Operation, raw};

impl BlockReader {
    /// Registers this reader with the file until it, its clones and the passes and
    /// blocks that came from them are gone: [`has_readers`] then says yes. Doing it
    /// twice is doing it once.
    ///
    /// It is a shared lock of one byte, far beyond the end of the file, which belongs to
    /// the open file: a forked child has it, too. Appenders do not mind it, but on NFS,
    /// where all locks of a file are of one kind, and it fails while an appender lives.
    ///
    /// # Errors
    ///
    /// [`IoError`]: the system refuses, or is not Linux.
    pub fn register(&self) -> Result<(), IoError> {
        register(self.source().disk(), self.path())
    }
}

impl MmapStore {
    /// Registers this store as a reader of its file until it and its snapshots are gone,
    /// as [`BlockReader::register`] does; [`reopen`](Self::reopen) registers it anew.
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
    /// Tells whether others have registered as readers of the file, as
    /// [`has_readers`] does.
    ///
    /// # Errors
    ///
    /// As [`BlockReader::register`].
    pub fn has_readers(&self) -> Result<bool, IoError> {
        is_read(self.source().disk(), self.source().path())
    }
}

/// Tells whether anybody on this machine has [registered](BlockReader::register) as a
/// reader of the file.
///
/// Somebody may open the file before this is asked, and register after it. To take a file
/// away for good, rename it first, then ask, and give its name back if it is read. A
/// reader registers, and then looks whether the path still names its file:
/// [`MmapStore::refresh`] does.
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
/// [`OpenError`]: the file cannot be opened, or the system does not tell.
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
