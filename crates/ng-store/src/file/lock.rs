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
    let error = |operation| {
        move |source| IoError {
            path: path.to_owned(),
            operation,
            offset: None,
            source,
        }
    };
    for _ in 0..ATTEMPTS {
        let file = open()?;
        match file.try_lock() {
            Err(cause) if cause.kind() == ErrorKind::WouldBlock => {
                return Err(OpenError::Locked {
                    path: path.to_owned(),
                });
            }
            other => other.map_err(error(Operation::Lock))?,
        }
        if is_named(&file).map_err(error(Operation::Inspect))? {
            return Ok(file);
        }
    }
    Err(OpenError::Replaced {
        path: path.to_owned(),
    })
}

#[cfg(test)]
mod tests;
