use std::io::{self, ErrorKind};
use std::path::Path;

use crate::disk::Disk;
use crate::{IoError, OpenError, Operation};

/// How often a file is opened anew that was replaced before it was locked.
const ATTEMPTS: usize = 8;

/// Opens a file for appending and takes its lock, and makes sure that its name
/// still means it: who replaces a file holds the lock while it does.
///
/// `open` opens what has the name, `is_named` tells whether that still has it.
pub(crate) fn open_locked<D: Disk>(
    path: &Path,
    open: impl Fn() -> Result<D, OpenError>,
    is_named: impl Fn(&D) -> io::Result<bool>,
) -> Result<D, OpenError> {
    for _ in 0..ATTEMPTS {
        let file = open()?;
        take_lock(&file, path)?;
        if is_named(&file).map_err(|source| io_error(path, Operation::Inspect, source))? {
            return Ok(file);
        }
    }
    Err(OpenError::Replaced {
        path: path.to_owned(),
    })
}

/// Takes the lock of a file. Who has it already may take it again.
pub(super) fn take_lock<D: Disk>(file: &D, path: &Path) -> Result<(), OpenError> {
    file.try_lock().map_err(|source| match source.kind() {
        ErrorKind::WouldBlock => OpenError::Locked {
            path: path.to_owned(),
            holder: file.lock_holder(),
        },
        _ => io_error(path, Operation::Lock, source).into(),
    })
}

fn io_error(path: &Path, operation: Operation, source: io::Error) -> IoError {
    IoError {
        path: path.to_owned(),
        operation,
        offset: None,
        source,
    }
}

#[cfg(test)]
mod tests;
