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
        match is_held(&self.shards()?, &name) {
            Err(error) if is_without_locks(&error) => Ok(true),
            held => held.map_err(DatasetError::io(path, "lock")),
        }
    }
}

/// Tells whether another opener has the exclusive lock of a file; not if it is not there. A shared
/// one is all that it takes, for a moment.
pub(super) fn is_held<R: Dir>(dir: &R, name: &str) -> io::Result<bool> {
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

/// Tells whether the file system has no locks.
pub(super) fn is_without_locks(error: &io::Error) -> bool {
    /// What Linux says of a network file system without its lock daemon.
    const ENOLCK: i32 = 37;
    error.kind() == ErrorKind::Unsupported || error.raw_os_error() == Some(ENOLCK)
}
