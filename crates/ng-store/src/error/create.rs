use std::path::PathBuf;

use super::io::Holder;
use crate::{FileKind, IoError, Shown, WriteError};

/// Why a token file cannot be created. No file has the name it was to get,
/// except where a variant says so, and an existing one is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CreateError {
    /// The name is taken, and replacing was not asked for; or what has it is a
    /// link that leads nowhere, which is not replaced.
    #[error("{}: exists", Shown(path))]
    Exists {
        /// The path.
        path: PathBuf,
    },

    /// The path ends in no file name that is Unicode.
    #[error("{}: no usable file name", Shown(path))]
    FileName {
        /// The path.
        path: PathBuf,
    },

    /// The name is one of those that drafts have until they get their own, and that
    /// are removed when nobody writes to them.
    #[error("{}: is a name of temporary files, expected another", Shown(path))]
    ReservedName {
        /// The path.
        path: PathBuf,
    },

    /// What was to be replaced is no regular file.
    #[error("{}: is a {found}, expected a regular file", Shown(path))]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// What it names.
        found: FileKind,
    },

    /// An appender holds the file that was to be replaced.
    #[error("{}: locked by an appender{}", Shown(path), Holder(*holder))]
    Locked {
        /// The path.
        path: PathBuf,
        /// The process that took the lock, where the system tells.
        holder: Option<u32>,
    },

    /// The file that was to be replaced was replaced by somebody else.
    #[error("{}: replaced by another file", Shown(path))]
    Replaced {
        /// The path.
        path: PathBuf,
    },

    /// A file cannot be made for this many tokens.
    #[error("max tokens {found}, expected 1 to {limit}")]
    MaxTokens {
        /// The number that was asked for.
        found: u64,
        /// The greatest number there is.
        limit: u64,
    },

    /// The system refused.
    #[error(transparent)]
    Io(#[from] IoError),

    /// The file is whole and has its name, and may lose the name in a power cut.
    #[error("{cause}; the file is whole, but a power cut may lose its name")]
    NameNotDurable {
        /// What failed.
        #[source]
        cause: IoError,
    },

    /// The tokens cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}
