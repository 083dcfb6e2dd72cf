//! Why a run fails.

use std::io;
use std::path::PathBuf;

use crate::conductor::PlanError;
use crate::model::NotComparable;

/// Why a measurement failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// Nothing can be measured.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The output folder cannot be made or written.
    #[error("cannot write {}", path.display())]
    Output {
        /// The folder, or the file in it.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The folder for data files cannot be read, made or written.
    #[error("cannot use {} for data files", path.display())]
    Data {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The lock that keeps measurements apart.
    #[error("cannot lock {}", path.display())]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A worker program could not be started.
    #[error("cannot start a worker")]
    Conduct(#[source] io::Error),
    /// The other side cannot be compared with this run.
    #[error("cannot compare with {name}")]
    NotComparable {
        /// What the user called it.
        name: String,
        /// Why.
        source: NotComparable,
    },
    /// The user stopped before anything was measured.
    #[error("interrupted before anything was measured")]
    Interrupted,
}
