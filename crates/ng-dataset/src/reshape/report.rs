use ng_store::disk::Dir;

use crate::manifest::Entry;
use crate::place::Pinned;
use crate::snapshot::Snapshot;

/// What became of the shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReshapeReport {
    /// The generation that was published; `None` if there was nothing to do.
    pub generation: Option<u64>,
    /// How many entries the generation before had.
    pub shards_before: u64,
    /// How many the new one has.
    pub shards_after: u64,
    /// How many rows are in new shards.
    pub rows: u64,
    /// How many bytes the new shards have.
    pub bytes_written: u64,
}

impl ReshapeReport {
    pub(super) fn nothing<R: Dir>(snapshot: &Snapshot<R>) -> Self {
        let shards = snapshot.manifest().entries.len() as u64;
        Self {
            generation: None,
            shards_before: shards,
            shards_after: shards,
            rows: 0,
            bytes_written: 0,
        }
    }

    /// Reports the new shards, and what is published with them.
    pub(super) fn of_new<'e>(new: impl Iterator<Item = &'e Entry>) -> Self {
        let none = Self {
            generation: None,
            shards_before: 0,
            shards_after: 0,
            rows: 0,
            bytes_written: 0,
        };
        new.fold(none, |report, entry| Self {
            rows: report.rows + entry.row_count().unwrap_or(0),
            bytes_written: report.bytes_written
                + entry.sealed.as_ref().map_or(0, |sealed| sealed.bytes),
            ..report
        })
    }

    pub(super) fn published<R: Dir>(self, before: &Snapshot<R>, after: &Pinned<R>) -> Self {
        Self {
            generation: Some(after.generation),
            shards_before: before.manifest().entries.len() as u64,
            shards_after: after.entries.len() as u64,
            ..self
        }
    }
}
