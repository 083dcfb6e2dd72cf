use std::ops::Range;

use ng_query::Zone;
use ng_query::sealed::{FileId, Hex};
use ng_token::Token;
use serde::{Deserialize, Serialize};

use super::zone;

/// Rows of a file that count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Entry {
    /// The file, by its random number; its name is made of it.
    pub file: FileId,
    /// Which of its rows.
    pub rows: Rows,
    /// What is known of rows that no longer grow; `None` for those of an open tail.
    pub sealed: Option<Sealed>,
}

/// Which rows of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rows {
    /// The first.
    pub from: u64,
    /// The end, exclusive; `None` for an open tail, whose end is that of its last commit.
    pub to: Option<u64>,
}

/// What is known of rows that no longer grow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Sealed {
    /// The length of the file, in bytes; holes count.
    pub bytes: u64,
    /// When the rows were committed, in nanoseconds since 1970 UTC. A rewritten shard keeps the
    /// time of what it replaces.
    pub committed_ns: u64,
    /// The chain over the hashes of the file's full blocks, as of its last commit.
    pub chain: Hex,
    /// The checksum of that commit's slot.
    pub slot: Hex,
    /// The extremes of all its rows; `None` if there are none, or the file was damaged.
    #[serde(with = "zone")]
    pub zone: Option<Zone>,
    /// What the rows are sorted by, as `ng sort --by` writes it.
    pub order: Option<String>,
    /// How many [added](crate::Manifest::appended) rows were before the first of the file, if its
    /// rows were new; `None` for a shard in the place of others. It tells those who follow what is
    /// new.
    pub stream: Option<u64>,
}

impl Entry {
    /// Rows of a sealed file.
    pub(crate) fn sealed(file: FileId, rows: Range<u64>, sealed: Sealed) -> Self {
        Self {
            file,
            rows: Rows {
                from: rows.start,
                to: Some(rows.end),
            },
            sealed: Some(sealed),
        }
    }

    /// The rows of an open tail.
    pub(crate) fn open(file: FileId, from: u64) -> Self {
        Self {
            file,
            rows: Rows { from, to: None },
            sealed: None,
        }
    }

    /// Tells whether its writer may still append to it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.rows.to.is_none()
    }

    /// Returns how many rows it has; `None` for an open tail.
    #[must_use]
    pub fn row_count(&self) -> Option<u64> {
        self.rows.to.map(|to| to.saturating_sub(self.rows.from))
    }

    /// Returns the extremes of all its rows, if they are known.
    #[must_use]
    pub fn zone(&self) -> Option<&Zone> {
        self.sealed.as_ref()?.zone.as_ref()
    }

    /// Tells whether a file of its length can have its rows.
    pub(super) fn has_room(&self) -> bool {
        let (Some(sealed), Some(to)) = (&self.sealed, self.rows.to) else {
            return true;
        };
        to <= sealed.bytes / Token::SIZE as u64
    }

    pub(super) fn is_sound(&self) -> bool {
        let is_range = self.rows.to.is_none_or(|to| self.rows.from <= to);
        is_range && self.sealed.is_none() == self.rows.to.is_none()
    }
}
