use std::ops::Range;

use ng_query::index::IndexWarning;
use ng_query::sealed::FileId;
use ng_store::VerifyReport;

use crate::{DatasetError, ManifestFlaw};

/// What a verification found.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct DatasetReport {
    /// The generation whose files were verified.
    pub generation: u64,
    /// How many manifests were read.
    pub manifests: u64,
    /// What is wrong with them.
    pub manifest_faults: Vec<ManifestFault>,
    /// How many files were verified.
    pub shards: u64,
    /// How many tokens they have.
    pub tokens: u64,
    /// Those that are not as they should be.
    pub damaged: Vec<ShardReport>,
    /// The shards in the folder that no generation names, which is no damage: those of dead
    /// creators, and those that are about to be named.
    pub unnamed: Vec<FileId>,
}

impl DatasetReport {
    /// Tells whether nothing is damaged. An index that has to be built anew is no damage.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        let is_damage = |problem: &ShardProblem| !matches!(problem, ShardProblem::Index(_));
        let mut problems = self.damaged.iter().flat_map(|shard| &shard.problems);
        self.manifest_faults.is_empty() && !problems.any(is_damage)
    }
}

/// Something wrong with a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ManifestFault {
    /// The number of its generation.
    pub generation: u64,
    /// What is wrong.
    pub problem: ManifestProblem,
}

/// What can be wrong with a manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestProblem {
    /// It cannot be read, or is of another dataset.
    #[error(transparent)]
    Damaged(#[from] ManifestFlaw),
    /// It should be there.
    #[error("it is not there")]
    Missing,
    /// The generation that it follows is not as it was then.
    #[error("it follows another generation {follows} than the one that is there")]
    ParentDiffers {
        /// The number of the generation that it follows.
        follows: u64,
    },
    /// Files that it names are not there.
    #[error("{files} files that it names are not there")]
    FilesMissing {
        /// How many.
        files: u64,
    },
}

/// What was found of a file.
#[derive(Debug)]
#[non_exhaustive]
pub struct ShardReport {
    /// The file.
    pub file: FileId,
    /// How many tokens it has.
    pub tokens: u64,
    /// What is wrong with it.
    pub problems: Vec<ShardProblem>,
}

/// What can be wrong with a file that a generation names.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShardProblem {
    /// It is not there.
    #[error("it is not there")]
    Missing,
    /// It cannot be opened, or another file has its name.
    #[error(transparent)]
    Unreadable(DatasetError),
    /// Blocks are damaged, or it is too short, or its newest commit may be lost.
    #[error("{}", Damage(.0))]
    Damaged(VerifyReport),
    /// It is not the commit that the generation names, or has fewer rows.
    #[error(transparent)]
    OtherCommit(DatasetError),
    /// The zone of an entry is not that of its tokens: queries may miss some of them.
    #[error("the zone of rows {}..{} does not hold for their tokens", rows.start, rows.end)]
    Zone {
        /// The rows of the entry.
        rows: Range<u64>,
    },
    /// The tokens of an entry are not sorted as it says.
    #[error("row {row} is out of the order by {order} that the generation names")]
    Order {
        /// What they should be sorted by.
        order: String,
        /// The first row that belongs before the one in front of it.
        row: u64,
    },
    /// It is longer or shorter than when it was sealed. Its tokens are all there.
    #[error("{found} bytes long, the generation names {expected}")]
    Length {
        /// Its length in bytes.
        found: u64,
        /// What the generation names.
        expected: u64,
    },
    /// Its index is put aside in part, and should be built anew.
    #[error(transparent)]
    Index(IndexWarning),
}

/// A damaged file in a few words.
struct Damage<'a>(&'a VerifyReport);

impl std::fmt::Display for Damage<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(report) = self;
        write!(
            f,
            "{} of {} blocks are bad",
            report.bad.len(),
            report.blocks
        )?;
        if let Some(cut) = report.cut {
            write!(f, ", {} of {} bytes are there", cut.have, cut.need)?;
        }
        if !report.table_matches {
            f.write_str(", the block table is not the committed one")?;
        }
        for finding in &report.findings {
            write!(f, ", {finding}")?;
        }
        Ok(())
    }
}

/// How far a verification is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifyProgress {
    /// How many files are done.
    pub shards_done: u64,
    /// How many there are to do.
    pub shards: u64,
    /// How many tokens were checked so far.
    pub tokens: u64,
}
