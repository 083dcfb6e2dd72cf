use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::path::PathBuf;

use ng_parallel::{IngestError, ParallelError, ParallelLoadError};
use ng_store::{CreateError, LoadError, OpenError, ReadError, Shown, VecStoreError, WriteError};

use crate::QueryError;

/// Why tokens were not sorted. Neither a new file nor a temporary one is left then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SortError {
    /// The file to sort may have lost its newest commit.
    #[error(transparent)]
    Open(#[from] OpenError),

    /// The file to sort cannot be read, or is damaged.
    #[error(transparent)]
    Read(#[from] ReadError),

    /// A part of what is to be sorted cannot be opened.
    #[error(transparent)]
    Part(QueryError),

    /// What takes the sorted tokens failed.
    #[error(transparent)]
    Sink(Box<dyn Error + Send + Sync>),

    /// The sorted file cannot be created, written, made durable or named.
    #[error(transparent)]
    Create(#[from] CreateError),

    /// The new file is the file to sort.
    #[error("{}: is the file to sort, expected another", Shown(path))]
    SameFile {
        /// The path of the new file.
        path: PathBuf,
    },

    /// The memory limit holds no more than buffers.
    #[error("{given} bytes of memory, expected at least {least} for {threads} threads")]
    Memory {
        /// The limit in bytes.
        given: u64,
        /// The least bytes needed.
        least: u64,
        /// The number of threads.
        threads: usize,
    },

    /// The disk has no room for the temporary files.
    #[error(
        "{}: {available} bytes of room, expected {needed} for temporary files",
        Shown(folder)
    )]
    NoRoom {
        /// The folder for temporary files.
        folder: PathBuf,
        /// How many bytes are needed.
        needed: u64,
        /// How many bytes are available.
        available: u64,
    },

    /// A temporary file or its folder cannot be made, read or removed.
    #[error("{}: temporary file: {source}", Shown(path))]
    Temporary {
        /// The file or the folder.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },

    /// A temporary file cannot be written.
    #[error("temporary file: {0}")]
    WriteTemporary(#[source] CreateError),

    /// More temporary files would be written at once than may be open at once.
    #[error(
        "temporary files: {limit} files may be open at once, expected more: raise the limit \
         (`ulimit -n`), or grant more memory, which takes fewer of them"
    )]
    OpenFiles {
        /// How many files this process may have open.
        limit: u64,
    },

    /// The memory within the limit was not available.
    #[error(transparent)]
    OutOfMemory(VecStoreError),

    /// The stop flag was set.
    #[error("stopped before all was sorted")]
    Stopped,

    /// A closure panicked, or the workers belong to another process.
    #[error(transparent)]
    Parallel(ParallelError),
}

impl From<WriteError> for SortError {
    fn from(error: WriteError) -> Self {
        Self::Create(error.into())
    }
}

impl From<QueryError> for SortError {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Read(error) => error.into(),
            QueryError::Parallel(error) => error.into(),
            error => Self::Part(error),
        }
    }
}

impl From<VecStoreError> for SortError {
    fn from(error: VecStoreError) -> Self {
        Self::OutOfMemory(error)
    }
}

impl From<ParallelError> for SortError {
    fn from(error: ParallelError) -> Self {
        match error {
            ParallelError::Stopped { .. } => Self::Stopped,
            ParallelError::Store(error) => Self::OutOfMemory(error),
            error => Self::Parallel(error),
        }
    }
}

impl From<ParallelLoadError> for SortError {
    fn from(error: ParallelLoadError) -> Self {
        match error {
            ParallelLoadError::Load(LoadError::Open(error)) => error.into(),
            ParallelLoadError::Load(LoadError::Read(error)) => error.into(),
            ParallelLoadError::Load(LoadError::Memory(error)) => error.into(),
            ParallelLoadError::Parallel(error) => error.into(),
            other => unreachable!("{other}"),
        }
    }
}

impl From<Infallible> for SortError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl<E: Into<Self>, M: Into<Self>> From<IngestError<E, M>> for SortError {
    fn from(error: IngestError<E, M>) -> Self {
        match error {
            IngestError::Sink(error) => error.into(),
            IngestError::Failed { source, .. } => source.into(),
            IngestError::Stopped { .. } => Self::Stopped,
            IngestError::Forked(forked) => Self::Parallel(forked.into()),
            IngestError::Panicked { shard, message } => Self::Parallel(ParallelError::Panicked {
                shard: shard.number,
                message,
            }),
            IngestError::WrongCount { shard, found } => {
                unreachable!("{found} tokens for {:?}", shard.range)
            }
            _ => unreachable!("an ingest fails in no other way"),
        }
    }
}
