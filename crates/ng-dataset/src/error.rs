use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};
use std::iter;
use std::path::PathBuf;

use ng_parallel::{IngestError, ParallelError, VerifyError, WorkersError};
use ng_query::index::IndexError;
use ng_query::order::SortError;
use ng_query::sealed::{FileId, SealFlaw};
use ng_query::{AssignError, QueryError};
use ng_store::{CreateError, IoError, OpenError, ReadError, RepairError, Shown, WriteError};

/// Why something was not done with a dataset.
///
/// The newest published generation stands in every case, unless a variant says otherwise.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatasetError {
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

    /// The system refused to read or to write a file.
    #[error(transparent)]
    File(#[from] IoError),

    /// The path names no dataset: no folder with a manifest.
    #[error("{}: not a dataset: no manifest in it", Shown(path))]
    NotADataset {
        /// The folder.
        path: PathBuf,
    },

    /// A new dataset needs a path that names nothing, or an empty folder.
    #[error("{}: exists already, expected a new or an empty folder", Shown(path))]
    Exists {
        /// The folder.
        path: PathBuf,
    },

    /// A manifest is damaged, or of another dataset. Nothing is published until it is repaired.
    #[error("{}: {flaw}", Shown(path))]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with it.
        flaw: ManifestFlaw,
    },

    /// A manifest is damaged that a collector was to keep, or that somebody reads: it may name any
    /// file, so none is removed. It goes when it is no longer kept.
    #[error(
        "{}: {flaw}; it may name any file, so none is removed while generation {generation} is kept",
        Shown(path)
    )]
    KeptManifest {
        /// The manifest.
        path: PathBuf,
        /// The number of its generation.
        generation: u64,
        /// What is wrong with it.
        flaw: ManifestFlaw,
    },

    /// A manifest is damaged that has the last number: no repair can be published above it.
    #[error(
        "{}: damaged, and no generation can follow number {generation}: move this file away, and \
         repair again",
        Shown(path)
    )]
    LastNumber {
        /// The manifest.
        path: PathBuf,
        /// The number in its name.
        generation: u64,
    },

    /// No generation of this number is kept.
    #[error(
        "{}: generation {generation} is not kept, expected {oldest} to {newest}",
        Shown(path)
    )]
    GenerationGone {
        /// The dataset.
        path: PathBuf,
        /// The number that was asked for.
        generation: u64,
        /// The oldest generation that is there.
        oldest: u64,
        /// The newest one.
        newest: u64,
    },

    /// Another change is at work.
    #[error("{}: locked by another change{}", Shown(path), Holder(*holder))]
    Locked {
        /// The lock file in the folder.
        path: PathBuf,
        /// Its process, if the system says.
        holder: Option<u32>,
    },

    /// Another publisher changed what this change had started from, each time it was tried.
    #[error("{}: {what}, in generation {generation}", Shown(path))]
    Conflict {
        /// The dataset.
        path: PathBuf,
        /// The generation that is in the way.
        generation: u64,
        /// What the other one did.
        what: Conflict,
    },

    /// The new generation has its name, but it is unknown whether that survives a power cut.
    #[error("{cause}; the outcome of generation {generation} is unknown")]
    OutcomeUnknown {
        /// The generation.
        generation: u64,
        /// What failed.
        #[source]
        cause: IoError,
    },

    /// A shard or a manifest cannot be created.
    #[error(transparent)]
    Create(#[from] CreateError),

    /// A shard cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),

    /// A shard cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),

    /// A shard cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),

    /// A shard cannot be repaired.
    #[error(transparent)]
    Repair(#[from] RepairError),

    /// A question failed.
    #[error(transparent)]
    Query(#[from] QueryError),

    /// A column cannot store what is assigned to it.
    #[error(transparent)]
    Assign(#[from] AssignError),

    /// Zones or an index were not built.
    #[error(transparent)]
    Index(#[from] IndexError),

    /// Tokens were not sorted.
    #[error(transparent)]
    Sort(SortError),

    /// The disk has no room for new shards.
    #[error(
        "{}: {available} bytes of room, expected {needed} for new shards",
        Shown(path)
    )]
    NoRoom {
        /// The dataset.
        path: PathBuf,
        /// How many bytes are needed.
        needed: u64,
        /// How many bytes are available.
        available: u64,
    },

    /// The threads cannot be started.
    #[error(transparent)]
    Workers(#[from] WorkersError),

    /// The work was stopped, or a closure panicked.
    #[error(transparent)]
    Parallel(#[from] ParallelError),

    /// A shard cannot be verified.
    #[error(transparent)]
    Verify(VerifyError),

    /// A shard is not the file that the generation names.
    #[error("{}: {found} rows, the generation names {expected}", Shown(path))]
    ShardShort {
        /// The file.
        path: PathBuf,
        /// How many rows it has.
        found: u64,
        /// How many rows the generation expects at least.
        expected: u64,
    },

    /// A file that a generation names is not there.
    #[error("{}: not there, generation {generation} names it", Shown(path))]
    ShardMissing {
        /// The file.
        path: PathBuf,
        /// The generation.
        generation: u64,
    },

    /// A cursor is of another dataset.
    #[error("{}: dataset {found}, the cursor is of {expected}", Shown(path))]
    OtherDataset {
        /// The dataset.
        path: PathBuf,
        /// Its number.
        found: FileId,
        /// That of the cursor.
        expected: FileId,
    },

    /// A shard has another id, or another commit, than the generation names.
    #[error("{}: {what} {found}, the generation names {expected}", Shown(path))]
    OtherShard {
        /// The file.
        path: PathBuf,
        /// Which number differs.
        what: &'static str,
        /// What the file has.
        found: String,
        /// What the generation names.
        expected: String,
    },
}

/// Who holds a lock.
struct Holder(Option<u32>);

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(process) => write!(f, ", process {process}"),
            None => Ok(()),
        }
    }
}

/// What another publisher did meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Conflict {
    /// Rows that were to be replaced are no longer named.
    #[error("rows of shard {file} were replaced by another change")]
    RowsReplaced {
        /// The file.
        file: FileId,
    },
    /// What a generation says of a shard that was to be replaced is no longer what the change went
    /// by: its zone, its length or its order was wrong.
    #[error("what is known of shard {file} was corrected by a repair")]
    ShardCorrected {
        /// The file.
        file: FileId,
    },
    /// A writer's tail is no longer named open.
    #[error("the open tail {file} was ended by another change")]
    TailEnded {
        /// The file.
        file: FileId,
    },
    /// The oldest kept generation was raised above one that is needed.
    #[error("generation {generation} is no longer kept")]
    NoLongerKept {
        /// The generation.
        generation: u64,
    },
    /// A change was to be made to one generation, which is not the newest.
    #[error("generation {generation} is not the newest")]
    NotNewest {
        /// The generation.
        generation: u64,
    },
    /// Another publisher was faster each time.
    #[error("another publisher was faster {times} times")]
    Overtaken {
        /// How often.
        times: u32,
    },
}

/// What is wrong with a manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
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
    /// It is of another format.
    #[error("format {found:?}, expected {expected:?}")]
    Format {
        /// The format in it.
        found: String,
        /// The supported format.
        expected: &'static str,
    },
    /// A field has an impossible value.
    #[error("field {field} has a value that cannot be")]
    Field {
        /// The name of the field.
        field: &'static str,
    },
    /// It is another generation than its name says.
    #[error("generation {found}, its name says {expected}")]
    Number {
        /// The number in it.
        found: u64,
        /// The number in its name.
        expected: u64,
    },
    /// It is of another dataset.
    #[error("of dataset {found}, expected {expected}")]
    Dataset {
        /// The dataset in it.
        found: FileId,
        /// The dataset that was opened.
        expected: FileId,
    },
    /// It is too long.
    #[error("{have} bytes long, expected at most {limit}")]
    Length {
        /// Its length in bytes.
        have: u64,
        /// The most that is read.
        limit: u64,
    },
}

/// Damage that a reader can live with: it shows what is left and tells.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Finding {
    /// The newest generations are damaged, or of another dataset: an older one is shown.
    #[error("{}: {flaw}; generation {shown} is shown instead", Shown(path))]
    ManifestDamaged {
        /// The damaged manifest.
        path: PathBuf,
        /// What is wrong with it.
        flaw: ManifestFlaw,
        /// The generation that is shown.
        shown: u64,
    },
    /// An open tail cannot be read: its rows are missing.
    #[error("{source}; the rows of this tail are not shown")]
    TailUnreadable {
        /// The error.
        #[source]
        source: Box<DatasetError>,
    },
}

impl DatasetError {
    /// Tells whether the disk is full, or what the caller may have of it.
    pub(crate) fn is_no_space(&self) -> bool {
        let this: &(dyn Error + 'static) = self;
        let causes = iter::successors(Some(this), |&error| error.source());
        causes
            .filter_map(|error| error.downcast_ref::<io::Error>())
            .any(|error| {
                matches!(
                    error.kind(),
                    ErrorKind::StorageFull | ErrorKind::QuotaExceeded
                )
            })
    }

    /// Makes an error of what was tried on a path.
    pub(crate) fn io(
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

/// What failed is told as if it were not in an ingest.
impl From<IngestError<Self, Self>> for DatasetError {
    fn from(error: IngestError<Self, Self>) -> Self {
        match error {
            IngestError::Sink(error) | IngestError::Failed { source: error, .. } => error,
            IngestError::Stopped { appended, count } => stopped(appended, count).into(),
            IngestError::Forked(forked) => ParallelError::from(forked).into(),
            IngestError::Panicked { shard, message } => {
                let shard = shard.number;
                ParallelError::Panicked { shard, message }.into()
            }
            IngestError::WrongCount { shard, found } => {
                unreachable!("{found} tokens for {:?}", shard.range)
            }
            _ => unreachable!("an ingest fails in no other way"),
        }
    }
}

fn stopped(shards_done: usize, shards: usize) -> ParallelError {
    ParallelError::Stopped {
        shards_done,
        shards,
    }
}

/// So that a sort can fail by what takes its tokens.
impl From<DatasetError> for SortError {
    fn from(error: DatasetError) -> Self {
        Self::Sink(Box::new(error))
    }
}

/// What failed is told as if it were not in a sort.
impl From<SortError> for DatasetError {
    fn from(error: SortError) -> Self {
        match error {
            SortError::Sink(error) => match error.downcast() {
                Ok(error) => *error,
                Err(other) => Self::Sort(SortError::Sink(other)),
            },
            SortError::Part(QueryError::Part { part, source }) => match source.downcast() {
                Ok(error) => *error,
                Err(source) => QueryError::Part { part, source }.into(),
            },
            SortError::Part(error) => error.into(),
            SortError::Read(error) => error.into(),
            SortError::Open(error) => error.into(),
            SortError::Parallel(error) => error.into(),
            SortError::Stopped => stopped(0, 1).into(),
            error => Self::Sort(error),
        }
    }
}
