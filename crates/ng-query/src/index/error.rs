use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use ng_arrow::Column;
use ng_parallel::{Forked, ParallelError};
use ng_store::{ReadError, Shown};

/// Why an index is not built.
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
        /// What the system said.
        source: io::Error,
    },

    /// Somebody else builds it.
    #[error("{}: locked by another builder", Shown(path))]
    Locked {
        /// The lock in the folder.
        path: PathBuf,
    },

    /// The token file cannot be read; a damaged block is no error.
    #[error(transparent)]
    Read(#[from] ReadError),

    /// The token file was not what its commit says when all of it had been read: that
    /// commit was taken back meanwhile.
    #[error("{}: the file was changed while it was indexed", Shown(path))]
    Changed {
        /// The token file.
        path: PathBuf,
    },

    /// A column is asked for that no token stores.
    #[error("column {column} is not stored, expected a stored one")]
    NotStored {
        /// The column.
        column: Column,
    },

    /// It was stopped, or the workers are those of another process.
    #[error(transparent)]
    Parallel(#[from] ParallelError),
}

impl From<Forked> for IndexError {
    fn from(forked: Forked) -> Self {
        Self::Parallel(forked.into())
    }
}

impl IndexError {
    /// Names what was tried on a path.
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

/// Why a part of an index is put aside. The answers come from the records instead.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexWarning {
    /// A file of the index cannot be read.
    #[error("{}: cannot be read: {source}", Shown(path))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },

    /// A file of the index has another length than the manifest says.
    #[error("{}: {have} bytes long, expected {expected}", Shown(path))]
    Length {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        have: u64,
        /// The length in the manifest.
        expected: u64,
    },

    /// The manifest is none, or damaged.
    #[error("{}: {flaw}", Shown(path))]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong.
        flaw: ManifestFlaw,
    },

    /// The index was made of another file than the one that it lies beside.
    #[error(
        "{}: index of file {:032x}, expected {:032x}",
        Shown(path), u128::from_be_bytes(*found), u128::from_be_bytes(*expected)
    )]
    OtherFile {
        /// The manifest.
        path: PathBuf,
        /// The id of the file that it was made of.
        found: [u8; 16],
        /// The id of the file.
        expected: [u8; 16],
    },

    /// From a block on the index is of tokens that the commit does not have: of a
    /// commit that was taken back.
    #[error("{}: blocks from {believed} on are of another commit", Shown(path))]
    TakenBack {
        /// The manifest.
        path: PathBuf,
        /// How many blocks are believed.
        believed: u64,
    },

    /// The index covers more blocks than the commit has: it is of a later one, or of
    /// one that was taken back.
    #[error("{}: covers {covered} blocks, the commit has {have}", Shown(path))]
    Beyond {
        /// The manifest.
        path: PathBuf,
        /// How many blocks the index covers.
        covered: u64,
        /// How many full blocks the commit has.
        have: u64,
    },

    /// The block table of the file cannot be held against the index.
    #[error("{}: not used: {source}", Shown(path))]
    Table {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with the table.
        source: Arc<ReadError>,
    },

    /// A file of the index that is hashed as a whole does not have its hash.
    #[error("{}: hash {found:#018x}, expected {expected:#018x}", Shown(path))]
    Rotten {
        /// The file.
        path: PathBuf,
        /// The hash of what is there.
        found: u64,
        /// The hash in the manifest.
        expected: u64,
    },

    /// A piece of a column does not have its hash. It is told once for each column of
    /// a file.
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
        /// The hash of what is there.
        found: u64,
        /// The hash that it was written with.
        expected: u64,
    },
}

impl IndexWarning {
    /// Tells whether bits of the index have changed since they were written: an index that is
    /// brought up to date keeps them, and only one that is made anew is whole.
    pub fn is_rot(&self) -> bool {
        matches!(self, Self::Rotten { .. } | Self::RottenPiece { .. })
    }
}

/// What is wrong with a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestFlaw {
    /// It does not end as one.
    #[error("no manifest of an index")]
    NotOne,
    /// It does not have its own hash.
    #[error("hash {found:#018x}, expected {expected:#018x}")]
    Hash {
        /// The hash of what is there.
        found: u64,
        /// The hash at its end.
        expected: u64,
    },
    /// It is no JSON, or a field is missing, unknown, or of another type.
    #[error("line {line}, column {column} is not as expected")]
    Json {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// It is of another version.
    #[error("version {found}, expected {expected}")]
    Version {
        /// The version in it.
        found: u32,
        /// The version that is known.
        expected: u32,
    },
    /// A field has a value that it cannot have.
    #[error("field {field} has a value that cannot be")]
    Field {
        /// The name of the field.
        field: &'static str,
    },
}
