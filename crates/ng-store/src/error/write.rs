use std::fmt;
use std::io::ErrorKind;
use std::path::PathBuf;

use crate::environment::file_size_limit;
use crate::{Counted, IoError, OpenError, Shown};

/// What an append or a commit to a token file can fail with.
///
/// What was committed before stays readable whatever happens here.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The file is not made for so many tokens. Nothing has changed.
    #[error("{}: {}, the file is made for {max}", Shown(path), Counted(*needed, "token"))]
    Full {
        /// The file.
        path: PathBuf,
        /// How many tokens it would hold; `u64::MAX` if they cannot be counted.
        needed: u64,
        /// How many it can.
        max: u64,
    },

    /// There is no room on the disk. Nothing has changed, and the store goes on
    /// once there is room.
    #[error("no room for {} more: {cause}", Counted(*size_bytes, "byte"))]
    NoSpace {
        /// How many bytes were asked for.
        size_bytes: u64,
        /// The file, and what the system said.
        #[source]
        cause: IoError,
    },

    /// There is no room on the disk although the file system had given it: one
    /// that copies on write, or promises more than it has, says so only when the
    /// tokens are written or synced. The writer refuses from here on; opening the
    /// file again, once there is room, finds the last commit.
    #[error("{cause}; the room was allocated before, and the last commit stands")]
    NoSpaceAfterAll {
        /// What failed.
        #[source]
        cause: IoError,
    },

    /// The file would be longer than files may be. Nothing has changed, and
    /// shorter appends are taken.
    ///
    /// Whoever does not [ignore the signal](crate::ignore_file_size_signal) that
    /// comes with it never sees it.
    #[error("{cause}; it would be {} long, {}", Counted(*size_bytes, "byte"), Limit(*limit))]
    FileTooLarge {
        /// How long the file would be.
        size_bytes: u64,
        /// The limit of this process (`ulimit -f`), in bytes; `None` if there is
        /// none: then the file system has one.
        limit: Option<u64>,
        /// The file, and what the system said.
        #[source]
        cause: IoError,
    },

    /// The file could not be written. The writer refuses from here on; opening
    /// it again finds the last commit.
    #[error("{cause}; the last commit stands")]
    Io {
        /// What failed.
        #[source]
        cause: IoError,
    },

    /// A commit failed while it was made durable. It may be there, whole, when
    /// the file is opened again, or not at all. The writer refuses from here on.
    #[error("{cause}; whether generation {generation} is there is unknown")]
    OutcomeUnknown {
        /// The generation of the commit.
        generation: u64,
        /// What failed.
        #[source]
        cause: IoError,
    },

    /// Somebody else wrote a commit slot while this writer held the file: a second
    /// writer that took no lock, or one that the file system did not keep out.
    /// Nothing was committed. The writer refuses from here on; what is in the file
    /// must be verified.
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

    /// Somebody cut the file while this writer held it. Nothing was committed. The
    /// writer refuses from here on.
    #[error(
        "{}: {have} bytes long, expected {need} or more: it was cut",
        Shown(path)
    )]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        have: u64,
        /// The length that this writer gave it.
        need: u64,
    },

    /// The file has had as many commits as the format counts. Nothing has
    /// changed.
    #[error("{}: generation {last} is the last there can be", Shown(path))]
    LastGeneration {
        /// The file.
        path: PathBuf,
        /// The generation that stands.
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

    /// The file was opened by the process that this one was forked from, and
    /// whose lock it is. This process changes nothing; it opens the file itself.
    #[error("{}: opened by another process, before a fork", Shown(path))]
    Forked {
        /// The file.
        path: PathBuf,
    },

    /// The path names another file than the one that was opened, or the file has
    /// no name left: nobody would find what is committed. Nothing has changed.
    #[error("{}: replaced by another file, or removed", Shown(path))]
    Replaced {
        /// The path.
        path: PathBuf,
    },

    /// The store was opened for reading only.
    #[error("{}: opened for reading only", Shown(path))]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },

    /// The new tokens cannot be mapped. Nothing was committed, and the commit
    /// may be tried again.
    #[error("{cause}; nothing was committed")]
    Map {
        /// What failed.
        #[source]
        cause: IoError,
    },
    /// The commit is made, and the map does not show it: the file was cut or
    /// written to by somebody else, or the file system keeps maps and reads apart.
    /// The store shows what it did before; the next commit looks again.
    #[error("{cause}; generation {generation} is committed, and not shown")]
    NotShown {
        /// The generation of the commit.
        generation: u64,
        /// What is wrong with the map.
        #[source]
        cause: Box<OpenError>,
    },
}

impl WriteError {
    /// Tells what kind of room there is none of: `more_bytes` on the disk, or the
    /// `size_bytes` that the file would have. Gives other errors back.
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
            None => f.write_str("which is more than the file system has for one"),
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
            (None, "which is more than the file system has for one"),
        ] {
            assert_eq!(Limit(limit).to_string(), told);
        }
    }
}
