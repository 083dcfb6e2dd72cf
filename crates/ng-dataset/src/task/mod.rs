//! A question about some rows of one shard, as bytes, for engines on many machines.
//!
//! A snapshot is cut into tasks, which know everything about their rows: the file by its id, what
//! it had committed, and which rows count. So each can be done anywhere, again, and by anybody who
//! can read the file, without the generation; it reads the same rows each time or fails. `json.rs`
//! is the bytes, `piece.rs` the rows as the source of a query.

mod cut;
mod json;
mod piece;

use std::ops::Range;

use ng_query::sealed::{FileId, SealFlaw};
use ng_store::Commit;
use serde::{Deserialize, Serialize};

pub use piece::Piece;

/// What is asked of the rows of a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
#[non_exhaustive]
pub enum Want {
    /// Columns of the rows that match.
    Columns {
        /// Their names.
        columns: Vec<String>,
        /// Whether values are as stored, instead of in units.
        raw: bool,
    },
    /// A partial aggregate, see [`Partial`](ng_query::Partial).
    Aggregate {
        /// What the tokens are grouped by, separated by commas.
        by: String,
        /// What is measured.
        measures: String,
    },
    /// The tokens nearest to points.
    Nearest {
        /// The spaces, each with a weight; a single one without weights has none.
        spaces: Vec<(String, Option<f64>)>,
        /// The points one after another, a place for each space, in units.
        points: Vec<[f64; 3]>,
        /// Whether they are in steps instead.
        in_steps: bool,
        /// How many for each point.
        k: u64,
    },
}

/// A question that is asked of all rows alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// The filter, as a text; `None` for all rows.
    pub filter: Option<String>,
    /// What `valid` means, in seconds since 1970 UTC.
    pub now: u32,
    /// Whether damaged blocks are left out instead of failing.
    pub skip_damaged: bool,
    /// Whether indexes are used.
    pub index: bool,
    /// What is asked of the rows that match.
    pub want: Want,
}

/// A question about some rows of one shard.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Task {
    /// The dataset: a path or another name by which who does the task finds its folder.
    pub place: String,
    /// Its random number.
    pub dataset: FileId,
    /// The file of the shard.
    pub file: FileId,
    /// Which rows of the file count.
    pub rows: Range<u64>,
    /// What the file had committed.
    pub known: Known,
    /// The position of the first row that counts.
    pub start: u64,
    /// The positions that the task is about.
    pub positions: Range<u64>,
    /// The question.
    pub ask: Ask,
}

/// By what the file of a task is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Known {
    /// A sealed file: the chain over its blocks and the checksum of its commit.
    Sealed {
        /// The chain.
        chain: u64,
        /// The checksum.
        slot: u64,
    },
    /// An open tail: what was committed of it. It may have grown since.
    Tail(Commit),
}

/// What is wrong with the bytes of a task.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TaskFlaw {
    /// It does not end with its own hash.
    #[error("a task with a flaw: {0}")]
    Seal(#[from] SealFlaw),
    /// It is not JSON, or a field is missing, unknown or of another type.
    #[error("a task with a flaw: line {line}, column {column} is not as expected")]
    Json {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// It is of another version.
    #[error("a task of format {found:?}, expected {expected:?}")]
    Format {
        /// The format in it.
        found: String,
        /// The supported format.
        expected: &'static str,
    },
    /// A field has an impossible value.
    #[error("a task with a flaw: field {field} has a value that cannot be")]
    Field {
        /// The name of the field.
        field: &'static str,
    },
}
