use std::fmt;
use std::io::ErrorKind;
use std::path::PathBuf;

use crate::environment::file_size_limit;
use crate::{Counted, IoError, OpenError, Shown};

/// Why an append or a commit to a token file failed.
///
/// Earlier commits stay readable in every case.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The file cannot hold this many tokens. Nothing has changed.
    #[error("{}: {}, the file is made for {max}", Shown(path), Counted(*needed, "token"))]
    Full {
        /// The file.
        path: PathBuf,
        /// How many tokens it would hold; `u64::MAX` if they cannot be counted.
        needed: u64,
        /// How many it can hold.
        max: u64,
    },

    /// The disk is full. Nothing has changed, and the store works again once there is
    /// space.
    #[error("no room for {} more: {cause}", Counted(*size_bytes, "byte"))]
    NoSpace {
        /// How many bytes were requested.
        size_bytes: u64,
        /// The file, and what the system said.
        #[source]
        cause: IoError,
    },

    /// The disk is full although the file system had allocated the space: a copy-on-write
    /// or overcommitting file system reports it only when the tokens are written or synced.
    /// The writer refuses from now on; reopening the file, once there is space, finds the
    /// last commit.
    #[error("{cause}; the space was allocated before, and the last commit stands")]
    NoSpaceAfterAll {
        /// What failed.
        #[source]
        cause: IoError,
    },

    /// The file would exceed the maximum file length. Nothing has changed, and shorter
    /// appends are accepted.
    ///
    /// Only a program that [ignores the signal](crate::ignore_file_size_signal) gets this
    /// error; others are killed.
    #[error("{cause}; it would be {} long, {}", Counted(*size_bytes, "byte"), Limit(*limit))]
    FileTooLarge {
        /// How long the file would be.
        size_bytes: u64,
        /// The limit of this process (`ulimit -f`), in bytes; `None` if it is the file
        /// system's.
        limit: Option<u64>,
        /// The file, and what the system said.
        #[source]
        cause: IoError,
    },

    /// The file could not be written. The writer refuses from now on; reopening the file
    /// finds the last commit.
    #[error("{cause}; the last commit stands")]
    Io {
        /// What failed.
        #[source]
        cause: IoError,
    },

    /// Making a commit durable failed. When the file is reopened, the commit may be there,
    /// complete, or not at all. The writer refuses from now on.
    #[error("{cause}; the outcome of generation {generation} is unknown")]
    OutcomeUnknown {
        /// The generation of the commit.
        generation: u64,
        /// What failed.
        #[source]
        cause: IoError,
    },

    /// Another writer wrote a commit slot while this one held the file: it took no lock, or
    /// the file system did not enforce it. Nothing was committed. The writer refuses from
    /// now on; the file must be verified.
    #[error(
        "{}: a commit slot is not as generation {generation} left it: \
         another writer is at work, or it was damaged",
        Shown(path)
    )]
    Overtaken {
        /// The file.
        path: PathBuf,
        /// The last commit that this writer made or found.
        generation: u64,
    },

    /// The file was truncated while this writer held it. Nothing was committed. The writer
    /// refuses from now on.
    #[error("{}: truncated to {have} bytes, expected at least {need}", Shown(path))]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        have: u64,
        /// The length that this writer gave it.
        need: u64,
    },

    /// The file has reached the last generation. Nothing has changed.
    #[error("{}: generation {last} is the last possible", Shown(path))]
    LastGeneration {
        /// The file.
        path: PathBuf,
        /// The current generation.
        last: u64,
    },

    /// An earlier failure made the writer refuse.
    #[error(
        "{}: refused after an earlier failure; open the file again",
        Shown(path)
    )]
    Poisoned {
        /// The file.
        path: PathBuf,
    },

    /// The file was opened, and is locked, by the process that this one was forked from.
    /// This process must open the file itself.
    #[error("{}: opened by another process, before a fork", Shown(path))]
    Forked {
        /// The file.
        path: PathBuf,
    },

    /// The path names another file than the one opened, or the file has no name left: a
    /// commit would be unreachable. Nothing has changed.
    #[error("{}: replaced by another file, or removed", Shown(path))]
    Replaced {
        /// The path.
        path: PathBuf,
    },

    /// The store was opened read-only.
    #[error("{}: opened for reading only", Shown(path))]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },

    /// The new tokens cannot be mapped. Nothing was committed, and the commit may be
    /// retried.
    #[error("{cause}; nothing was committed")]
    Map {
        /// What failed.
        #[source]
        cause: IoError,
    },
    /// The commit is made, but the map does not show it: something else truncated or wrote
    /// the file, or the file system does not keep maps and reads coherent. The store still
    /// shows the previous commit; the next commit checks again.
    #[error("{cause}; generation {generation} is committed but not shown")]
    NotShown {
        /// The generation of the commit.
        generation: u64,
        /// What is wrong with the map.
        #[source]
        cause: Box<OpenError>,
    },
}

impl WriteError {
    /// Classifies a lack of space: `more_bytes` on the disk, or a file of `size_bytes`.
    /// Returns other errors.
    pub(crate) fn no_room(
        cause: IoError,
        more_bytes: u64,
        size_bytes: u64,
    ) -> Result<Self, IoError> {
        match cause.source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Ok(Self::NoSpace {
                size_bytes: more_bytes,
                cause,
            }),
            ErrorKind::FileTooLarge => Ok(Self::FileTooLarge {
                size_bytes,
                limit: file_size_limit(),
                cause,
            }),
            _ => Err(cause),
        }
    }
}

struct Limit(Option<u64>);

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(limit) => {
                let limit = Counted(limit, "byte");
                write!(f, "and no file may be longer than {limit} (`ulimit -f`)")
            }
            None => f.write_str("which is more than the file system allows"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Operation;

    fn told(kind: ErrorKind) -> Result<String, IoError> {
        let cause = IoError {
            path: "a.ngt".into(),
            operation: Operation::Allocate,
            offset: Some(16),
            source: kind.into(),
        };
        WriteError::no_room(cause, 64, 1 << 20).map(|error| error.to_string())
    }

    #[test]
    fn a_lack_of_room_on_the_disk_and_in_the_file_are_told_apart() {
        for kind in [ErrorKind::StorageFull, ErrorKind::QuotaExceeded] {
            let told = told(kind).unwrap();
            let expected = "no room for 64 bytes more: a.ngt: cannot allocate at 0x10";
            assert!(told.starts_with(expected), "{told}");
        }
        let told_too_large = told(ErrorKind::FileTooLarge).unwrap();
        let expected = "a.ngt: cannot allocate at 0x10: file too large; \
                        it would be 1048576 bytes long, ";
        assert!(told_too_large.starts_with(expected), "{told_too_large}");
        assert!(told(ErrorKind::PermissionDenied).is_err());
    }

    #[test]
    fn the_limit_is_that_of_the_process_or_of_the_file_system() {
        for (limit, told) in [
            (
                Some(10_240),
                "and no file may be longer than 10240 bytes (`ulimit -f`)",
            ),
            (None, "which is more than the file system allows"),
        ] {
            assert_eq!(Limit(limit).to_string(), told);
        }
    }
}
