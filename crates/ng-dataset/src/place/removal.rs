use std::io::ErrorKind;
use std::path::Path;

use ng_store::disk::{Dir, Disk};

use crate::DatasetError;

/// A file that is to be removed.
pub(crate) enum Removal<D> {
    /// It is not there, or no longer.
    Gone,
    /// Its creator, its writer or a reader has a lock of it.
    InUse,
    /// It is locked, until this is dropped: who opened it before finds that it is locked, or that
    /// its name is gone.
    Ours(D),
}

impl<D: Disk> Removal<D> {
    /// Locks a file; `path` is its name in errors.
    pub(crate) fn of<R: Dir<File = D>>(
        dir: &R,
        name: &str,
        path: &Path,
    ) -> Result<Self, DatasetError> {
        // Over a network, the lock requires write access.
        let opened = match dir.open(name, true) {
            Err(error) if error.kind() == ErrorKind::PermissionDenied => dir.open(name, false),
            opened => opened,
        };
        let file = match opened {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::Gone),
            opened => opened.map_err(DatasetError::io(path, "open"))?,
        };
        match file.try_lock() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Self::InUse),
            locked => locked.map_err(DatasetError::io(path, "lock"))?,
        }
        let is_named = dir.is_named(name, &file);
        match is_named.map_err(DatasetError::io(path, "inspect"))? {
            true => Ok(Self::Ours(file)),
            false => Ok(Self::Gone),
        }
    }
}
