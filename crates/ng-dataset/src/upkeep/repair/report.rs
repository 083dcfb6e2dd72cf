use ng_query::sealed::FileId;

use crate::DatasetError;
use crate::upkeep::verify::DatasetReport;

/// What a repair found and did.
#[derive(Debug)]
#[non_exhaustive]
pub struct RepairReport {
    /// What was found of the newest generation that can be read.
    pub verified: DatasetReport,
    /// Whether manifests above it are damaged.
    pub has_damaged_manifest: bool,
    /// The generation that was published, if there was something to do: the last one, if many
    /// orphans were recovered, some at a time.
    pub generation: Option<u64>,
    /// The files that were repaired into new ones.
    pub repaired: Vec<RepairedShard>,
    /// The files that are sound, whose zones were computed anew.
    pub rezoned: Vec<FileId>,
    /// The files that are sound, and of which the generation named another length, or an order in
    /// which they are not.
    pub corrected: Vec<FileId>,
    /// The files that are no longer named, because they are not there or unreadable.
    pub dropped: Vec<FileId>,
    /// The damaged files that are named as before.
    pub left: Vec<LeftShard>,
    /// The tails that were sealed.
    pub closed_tails: Vec<FileId>,
    /// The shards that no generation names, not even one that was published during the repair.
    pub orphans: Vec<Orphan>,
}

impl RepairReport {
    pub(super) fn of(verified: DatasetReport) -> Self {
        Self {
            verified,
            has_damaged_manifest: false,
            generation: None,
            repaired: Vec::new(),
            rezoned: Vec::new(),
            corrected: Vec::new(),
            dropped: Vec::new(),
            left: Vec::new(),
            closed_tails: Vec::new(),
            orphans: Vec::new(),
        }
    }
}

/// A file that was repaired.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepairedShard {
    /// The damaged file.
    pub file: FileId,
    /// The new one; `None` in a dry run.
    pub new: Option<FileId>,
    /// What was kept and lost, by rows of the damaged file; `None` in a dry run.
    pub report: Option<ng_store::RepairReport>,
    /// How many rows the generation names that the damaged file does not have any more.
    pub missing_rows: u64,
}

/// A damaged file that could not be repaired.
#[derive(Debug)]
#[non_exhaustive]
pub struct LeftShard {
    /// The file.
    pub file: FileId,
    /// Why not.
    pub error: DatasetError,
}

/// A shard that no generation names.
#[derive(Debug)]
#[non_exhaustive]
pub struct Orphan {
    /// The file.
    pub file: FileId,
    /// What it is.
    pub state: OrphanState,
}

/// What a shard is that no generation names.
#[derive(Debug)]
#[non_exhaustive]
pub enum OrphanState {
    /// Somebody has its lock, or a change is at work: it will be named, or its writer has not ended.
    /// Where the file system has no locks, nobody knows.
    Locked,
    /// It is sound, and could be recovered.
    Sound {
        /// How many tokens it has.
        rows: u64,
    },
    /// It was appended.
    Recovered {
        /// How many tokens it has.
        rows: u64,
    },
    /// It is damaged, or cannot be looked at.
    Damaged(DatasetError),
}
