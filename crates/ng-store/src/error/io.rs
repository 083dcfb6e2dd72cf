use std::fmt;
use std::fs;
use std::io;
use std::path::PathBuf;

use crate::Shown;

/// A failed system call: which one, on which file, at which offset.
#[derive(Debug, thiserror::Error)]
#[error("{}: cannot {operation}{}: {source}", Shown(path), At(*offset))]
#[non_exhaustive]
pub struct IoError {
    /// The file.
    pub path: PathBuf,
    /// What was tried.
    pub operation: Operation,
    /// The offset in the file, in bytes, if the operation has one.
    pub offset: Option<u64>,
    /// The system's error.
    pub source: io::Error,
}

struct At(Option<u64>);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(offset) => write!(f, " at {offset:#x}"),
            None => Ok(()),
        }
    }
}

/// Who holds a lock, after "locked by an appender".
pub(super) struct Holder(pub(super) Option<u32>);

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(process) => write!(f, ", process {process}"),
            None => Ok(()),
        }
    }
}

/// A system operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Open the file.
    Open,
    /// Create the file.
    Create,
    /// Query the file's length or type.
    Inspect,
    /// Take the writer's lock.
    Lock,
    /// Read.
    Read,
    /// Write.
    Write,
    /// Allocate blocks.
    Allocate,
    /// Truncate the file.
    Cut,
    /// Start to write pages out.
    StartWriteback,
    /// Wait until pages are written out.
    FinishWriteback,
    /// Make data durable.
    Sync,
    /// Give the file its name.
    Rename,
    /// Make the folder's entries durable.
    SyncFolder,
    /// Map the file.
    Map,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "open",
            Self::Create => "create",
            Self::Inspect => "inspect",
            Self::Lock => "lock",
            Self::Read => "read",
            Self::Write => "write",
            Self::Allocate => "allocate",
            Self::Cut => "truncate the file",
            Self::StartWriteback => "start writeback",
            Self::FinishWriteback => "finish writeback",
            Self::Sync => "sync",
            Self::Rename => "rename",
            Self::SyncFolder => "sync the folder",
            Self::Map => "map",
        })
    }
}

/// What a path names, if not a regular file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FileKind {
    /// A folder.
    Folder,
    /// A pipe, a socket, a device, or something else.
    Special,
}

impl FileKind {
    /// Names an entry that is not a regular file.
    pub(crate) fn unless_regular(kind: fs::FileType) -> Option<Self> {
        if kind.is_file() {
            None
        } else if kind.is_dir() {
            Some(Self::Folder)
        } else {
            Some(Self::Special)
        }
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Folder => "folder",
            Self::Special => "special file",
        })
    }
}
