use std::path::PathBuf;

use crate::{IoError, OpenError, Shown, VecStoreError};

/// Why a verified read failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The system refused.
    #[error(transparent)]
    Io(#[from] IoError),

    /// A block does not match its hash; either may be damaged.
    #[error(
        "{}: block {block} at {offset:#x} has hash {found:#018x}, expected {expected:#018x}",
        Shown(path)
    )]
    BadBlock {
        /// The file.
        path: PathBuf,
        /// The index of the block.
        block: u64,
        /// Where it begins.
        offset: u64,
        /// The hash of what is there.
        found: u64,
        /// The hash in the block table.
        expected: u64,
    },

    /// The file became shorter than its commit after it was opened.
    #[error("{}: the file is now {have} bytes long, the commit needs {need}", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        have: u64,
        /// The least length of what was committed.
        need: u64,
    },

    /// The block table is not the committed one.
    #[error(
        "{}: block table at {offset:#x} has chain {found:#018x}, expected {expected:#018x}",
        Shown(path)
    )]
    TableDamaged {
        /// The file.
        path: PathBuf,
        /// Where the table begins.
        offset: u64,
        /// The chain over what is there.
        found: u64,
        /// The chain that was committed.
        expected: u64,
    },
}

/// Why a file cannot be loaded into memory.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),

    /// The file cannot be read, or is damaged.
    #[error(transparent)]
    Read(#[from] ReadError),

    /// There is not enough memory.
    #[error(transparent)]
    Memory(#[from] VecStoreError),
}
