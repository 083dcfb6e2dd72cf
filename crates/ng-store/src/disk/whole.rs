//! Small files that are read and written at once.

use std::io::{self, ErrorKind};
use std::path::Path;

use super::{Disk, Source};
use crate::{IoError, Operation};

/// The error of a file that is longer than its reader takes.
#[derive(Debug, thiserror::Error)]
#[error("{found} bytes, at most {limit} expected")]
struct TooLong {
    found: u64,
    limit: u64,
}

/// Reads a whole file of at most `limit` bytes; errors call it `path`. Interrupted and short
/// reads are continued.
///
/// The file should not change meanwhile.
///
/// # Errors
///
/// [`IoError`]; of the kind `FileTooLarge` for a longer file, of which nothing is read, and
/// `UnexpectedEof` for one that became shorter.
pub fn read_whole<D: Disk>(disk: &D, path: &Path, limit: u64) -> Result<Vec<u8>, IoError> {
    let source = Source::new(disk, path);
    let found = source.len()?;
    let len = usize::try_from(found).ok().filter(|_| found <= limit);
    let len = len.ok_or_else(|| {
        let cause = io::Error::new(ErrorKind::FileTooLarge, TooLong { found, limit });
        source.error(Operation::Read, None, cause)
    })?;
    let mut bytes = vec![0; len];
    match source.read(&mut bytes, 0)? {
        have if have < len => {
            let cause = ErrorKind::UnexpectedEof.into();
            Err(source.error(Operation::Read, Some(have as u64), cause))
        }
        _ => Ok(bytes),
    }
}

/// Writes all of an empty file, and syncs it; errors call it `path`. Interrupted and short
/// writes are continued.
///
/// Its name is not made durable: see [`Dir::sync`](super::Dir::sync).
///
/// # Errors
///
/// [`IoError`]; the content is then unknown.
pub fn write_whole<D: Disk>(disk: &D, path: &Path, bytes: &[u8]) -> Result<(), IoError> {
    let source = Source::new(disk, path);
    source.write(bytes, 0)?;
    source.sync()
}
