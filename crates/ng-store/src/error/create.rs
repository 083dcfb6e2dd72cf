use std::path::PathBuf;

use super::io::Holder;
use crate::{FileKind, IoError, Shown, WriteError};

/// Why a token file cannot be created. Unless a variant says otherwise, no new file has the
/// name, and an existing one is unchanged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CreateError {
    /// The name is taken, and replacing was not requested; or it is a dangling link, which
    /// is never replaced.
    #[error("{}: exists", Shown(path))]
    Exists {
        /// The path.
        path: PathBuf,
    },

    /// The path does not end in a Unicode file name.
    #[error("{}: no usable file name", Shown(path))]
    FileName {
        /// The path.
        path: PathBuf,
    },

    /// The name is reserved for drafts, which are removed when nobody writes to them.
    #[error("{}: name reserved for temporary files, expected another", Shown(path))]
    ReservedName {
        /// The path.
        path: PathBuf,
    },

    /// The entry to replace is not a regular file.
    #[error("{}: is a {found}, expected a regular file", Shown(path))]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// What it names.
        found: FileKind,
    },

    /// An appender holds the file to replace.
    #[error("{}: locked by an appender{}", Shown(path), Holder(*holder))]
    Locked {
        /// The path.
        path: PathBuf,
        /// The process that took the lock, if the system says.
        holder: Option<u32>,
    },

    /// Another creator replaced the file first.
    #[error("{}: replaced by another file", Shown(path))]
    Replaced {
        /// The path.
        path: PathBuf,
    },

    /// A file cannot hold this many tokens.
    #[error("max tokens {found}, expected 1 to {limit}")]
    MaxTokens {
        /// The requested number.
        found: u64,
        /// The maximum.
        limit: u64,
    },

    /// The system refused.
    #[error(transparent)]
    Io(#[from] IoError),

    /// The file is complete and has its name, but a power cut may lose the name.
    #[error("{cause}; the file is complete, but a power cut may lose its name")]
    NameNotDurable {
        /// What failed.
        #[source]
        cause: IoError,
    },

    /// The tokens cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}
