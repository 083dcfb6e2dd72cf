use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use ng_arrow::Column;
use ng_parallel::{Forked, ParallelError};
use ng_store::{ReadError, Shown};

use crate::sealed::SealFlaw;

/// Why an index was not built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// The system refused.
    #[error("{}: cannot {operation}: {source}", Shown(path))]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        operation: &'static str,
        /// The system's error.
        source: io::Error,
    },

    /// Another builder holds the lock.
    #[error("{}: locked by another builder", Shown(path))]
    Locked {
        /// The lock file in the folder.
        path: PathBuf,
    },

    /// The token file cannot be read; a damaged block is no error.
    #[error(transparent)]
    Read(#[from] ReadError),

    /// The token file no longer was what its commit says after it had been read: that commit was
    /// taken back meanwhile.
    #[error("{}: the file was changed while it was indexed", Shown(path))]
    Changed {
        /// The token file.
        path: PathBuf,
    },

    /// A column that is not stored.
    #[error("column {column} is not stored, expected a stored one")]
    NotStored {
        /// The column.
        column: Column,
    },

    /// The build was stopped, or the workers belong to another process.
    #[error(transparent)]
    Parallel(#[from] ParallelError),
}

impl From<Forked> for IndexError {
    fn from(forked: Forked) -> Self {
        Self::Parallel(forked.into())
    }
}

impl IndexError {
    /// Makes an error of what was tried on a path.
    pub(super) fn io(
        path: impl Into<PathBuf>,
        operation: &'static str,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io {
            path,
            operation,
            source,
        }
    }
}

/// Why a part of an index is put aside. The records answer instead.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexWarning {
    /// A file of the index cannot be read.
    #[error("{}: cannot be read: {source}", Shown(path))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: Arc<io::Error>,
    },

    /// A file of the index does not have the length in the manifest.
    #[error("{}: {have} bytes long, expected {expected}", Shown(path))]
    Length {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        have: u64,
        /// The length in the manifest.
        expected: u64,
    },

    /// The manifest is invalid or damaged.
    #[error("{}: {flaw}", Shown(path))]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong.
        flaw: ManifestFlaw,
    },

    /// The index belongs to another file than the one it lies beside.
    #[error(
        "{}: index of file {:032x}, expected {:032x}",
        Shown(path), u128::from_be_bytes(*found), u128::from_be_bytes(*expected)
    )]
    OtherFile {
        /// The manifest.
        path: PathBuf,
        /// The id of the file it was made from.
        found: [u8; 16],
        /// The id of the file.
        expected: [u8; 16],
    },

    /// From some block on, the index is of tokens of a commit that was taken back.
    #[error("{}: blocks from {believed} on are of another commit", Shown(path))]
    TakenBack {
        /// The manifest.
        path: PathBuf,
        /// How many blocks are believed.
        believed: u64,
    },

    /// The index covers more blocks than the commit has: it is of a later commit, or of one that
    /// was taken back.
    #[error("{}: covers {covered} blocks, the commit has {have}", Shown(path))]
    Beyond {
        /// The manifest.
        path: PathBuf,
        /// How many blocks the index covers.
        covered: u64,
        /// How many full blocks the commit has.
        have: u64,
    },

    /// The block table of the file cannot be compared with the index.
    #[error("{}: not used: {source}", Shown(path))]
    Table {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with the table.
        source: Arc<ReadError>,
    },

    /// A file of the index does not have its hash.
    #[error("{}: hash {found:#018x}, expected {expected:#018x}", Shown(path))]
    Rotten {
        /// The file.
        path: PathBuf,
        /// The hash of its contents.
        found: u64,
        /// The hash in the manifest.
        expected: u64,
    },

    /// A piece of a column does not have its hash. Reported once for each column of a file.
    #[error(
        "{}: piece {piece} of {column} has hash {found:#018x}, expected {expected:#018x}",
        Shown(path)
    )]
    RottenPiece {
        /// The file.
        path: PathBuf,
        /// The name of the column in it.
        column: String,
        /// Which piece of the column: that of a block, or of 4096 sorted ids.
        piece: u64,
        /// The hash of its contents.
        found: u64,
        /// The hash it was written with.
        expected: u64,
    },
}

impl IndexWarning {
    /// Tells whether bits of the index have changed since they were written: an update keeps them,
    /// so only an index made anew is whole.
    pub fn is_rot(&self) -> bool {
        matches!(self, Self::Rotten { .. } | Self::RottenPiece { .. })
    }
}

/// What is wrong with a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestFlaw {
    /// It does not end with its own hash.
    #[error(transparent)]
    Seal(#[from] SealFlaw),
    /// It is not JSON, or a field is missing, unknown or of another type.
    #[error("line {line}, column {column} is not as expected")]
    Json {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// It has another version.
    #[error("version {found}, expected {expected}")]
    Version {
        /// The version in it.
        found: u32,
        /// The supported version.
        expected: u32,
    },
    /// A field has an impossible value.
    #[error("field {field} has a value that cannot be")]
    Field {
        /// The name of the field.
        field: &'static str,
    },
}
