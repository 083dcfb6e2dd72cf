use std::path::PathBuf;

use crate::file::RepairProgress;
use crate::{CreateError, IoError, OpenError, ReadError, Shown, WriteError};

/// Why a file cannot be repaired into another.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RepairError {
    /// The damaged file cannot be opened at all.
    #[error(transparent)]
    Open(#[from] OpenError),

    /// The damaged file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),

    /// The new file cannot be created.
    #[error(transparent)]
    Create(#[from] CreateError),

    /// The new file would replace the damaged one, which may still be needed.
    #[error("{}: is the damaged file itself, expected another path", Shown(path))]
    SameFile {
        /// The path of the new file.
        path: PathBuf,
    },

    /// The watcher ended the repair.
    #[error("stopped after {} of {} blocks were verified and copied", progress.done, progress.total)]
    Stopped {
        /// The progress so far.
        progress: RepairProgress,
    },
}

impl From<IoError> for RepairError {
    fn from(error: IoError) -> Self {
        Self::Read(error.into())
    }
}

impl From<WriteError> for RepairError {
    fn from(error: WriteError) -> Self {
        Self::Create(error.into())
    }
}
