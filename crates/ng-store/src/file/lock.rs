use std::io::{self, ErrorKind};
use std::path::Path;

use crate::disk::Disk;
use crate::{IoError, OpenError, Operation};

/// How often to retry opening a file that was replaced before it was locked.
const ATTEMPTS: usize = 8;

/// Opens a file for appending, takes its lock, and checks that its name still refers to it:
/// a process that replaces a file holds the lock meanwhile.
///
/// `open` opens the file of that name, `is_named` tells whether it still has the name.
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

/// Takes the lock of a file. Its holder may take it again.
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
