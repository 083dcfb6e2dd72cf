//! Who holds the lock of a file.

use std::io::{self, ErrorKind};

use ng_query::sealed::FileId;
use ng_store::disk::{Dir, Disk};

use super::{Place, shard_name};
use crate::DatasetError;

impl<R: Dir> Place<R> {
    /// Tells whether a tail has a living writer, or somebody is about to seal it. Where locks cannot
    /// be asked for, it may have one.
    pub(crate) fn has_writer(&self, file: FileId) -> Result<bool, DatasetError> {
        let (name, path) = (shard_name(file), self.shard_path(file));
        let held = may_be_held(&self.shards()?, &name);
        held.map_err(DatasetError::io(path, "lock"))
    }
}

/// Tells whether another opener has the exclusive lock of a file, or may have it, where locks cannot
/// be asked for; not if it is not there. A shared one is all that it takes, for a moment.
pub(super) fn may_be_held<R: Dir>(dir: &R, name: &str) -> io::Result<bool> {
    or_unknown(is_held(dir, name))
}

/// Where nobody can tell, a file may be held.
fn or_unknown(held: io::Result<bool>) -> io::Result<bool> {
    match held {
        Err(error) if is_without_locks(&error) => Ok(true),
        held => held,
    }
}

fn is_held<R: Dir>(dir: &R, name: &str) -> io::Result<bool> {
    let file = match dir.open(name, false) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        opened => opened?,
    };
    match file.try_lock_shared() {
        locked if is_taken(&locked) => Ok(true),
        locked => locked.map(|()| false),
    }
}

pub(super) fn is_taken(locked: &io::Result<()>) -> bool {
    let error = locked.as_ref().err();
    error.is_some_and(|error| error.kind() == ErrorKind::WouldBlock)
}

/// What Linux says of a network file system without its lock daemon.
const ENOLCK: i32 = 37;

/// Tells whether the file system has no locks.
pub(super) fn is_without_locks(error: &io::Error) -> bool {
    error.kind() == ErrorKind::Unsupported || error.raw_os_error() == Some(ENOLCK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_there_are_no_locks_a_file_may_be_held_and_other_errors_are_told() {
        let without = [
            io::Error::from_raw_os_error(ENOLCK),
            ErrorKind::Unsupported.into(),
        ];
        for error in without {
            assert!(or_unknown(Err(error)).unwrap());
        }
        for held in [false, true] {
            assert_eq!(or_unknown(Ok(held)).unwrap(), held);
        }
        let refused = or_unknown(Err(ErrorKind::PermissionDenied.into()));
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::PermissionDenied);
    }
}
