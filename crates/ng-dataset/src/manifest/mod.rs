//! A generation of a dataset: which rows of which files count, and since when.
//!
//! `entry.rs` is one row range of a file, `json.rs` the bytes of the file; this is the whole, and
//! what makes it sound.

mod entry;
mod json;
mod replace;
mod zone;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use ng_query::sealed::{FileId, Hex};
use serde::{Deserialize, Serialize};

pub use entry::{Entry, Rows, Sealed};
pub(crate) use replace::Taken;

use crate::ManifestFlaw;

/// More rows than a file, or all of a dataset, can have: sums of a few of these do not overflow.
pub(crate) const ROWS_MAX: u64 = 1 << 60;

/// What the caller notes in a generation: names and texts.
pub type Tags = BTreeMap<String, String>;

/// One generation: never changed once it has its name.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Manifest {
    /// The random number of the dataset, the same in all of its generations.
    pub dataset: FileId,
    /// Its number; the first is 0.
    pub generation: u64,
    /// The generation that it follows; `None` for the first.
    pub parent: Option<Parent>,
    /// What made it.
    pub verb: Verb,
    /// When it was made, in nanoseconds since 1970 UTC.
    pub committed_ns: u64,
    /// No generation below this number is kept.
    pub oldest_kept: u64,
    /// How many rows were ever added: those of all tails that were sealed, what upserts added, and
    /// the orphans that were recovered. Rows that were changed since, or are gone, count.
    pub appended: u64,
    /// The newest generation up to this one that changed, deleted, moved or brought back rows,
    /// instead of adding some or dropping the oldest; 0 if none did.
    pub rewritten: u64,
    /// The caller's notes, which the next generation takes over.
    pub tags: Tags,
    /// The rows that count, in their order.
    pub entries: Vec<Entry>,
    /// The hash at the end of the manifest's own bytes.
    pub hash: u64,
}

/// The generation before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parent {
    /// Its number.
    pub generation: u64,
    /// The hash of its manifest.
    pub hash: u64,
}

/// What made a generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Verb {
    /// The dataset was created.
    Create,
    /// A writer began, rolled or ended a tail.
    Append,
    /// The oldest shards of a stream went.
    Retain,
    /// Tokens were changed.
    Update,
    /// Tokens were deleted.
    Delete,
    /// Tokens were replaced or added by id.
    Upsert,
    /// Tokens were put in order.
    Sort,
    /// Shards were cut anew.
    Reshard,
    /// Small shards were put together.
    Compact,
    /// What is damaged was replaced.
    Repair,
    /// The oldest kept generation was raised.
    Collect,
    /// An old generation was made the newest again.
    Checkout,
}

impl Verb {
    /// Tells whether it does more than add rows or drop the oldest.
    fn rewrites(self) -> bool {
        match self {
            Self::Create | Self::Append | Self::Retain | Self::Collect => false,
            Self::Update
            | Self::Delete
            | Self::Upsert
            | Self::Sort
            | Self::Reshard
            | Self::Compact
            | Self::Repair
            | Self::Checkout => true,
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "create",
            Self::Append => "append",
            Self::Retain => "retain",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Upsert => "upsert",
            Self::Sort => "sort",
            Self::Reshard => "reshard",
            Self::Compact => "compact",
            Self::Repair => "repair",
            Self::Collect => "collect",
            Self::Checkout => "checkout",
        })
    }
}

impl Manifest {
    /// The first generation of a new dataset.
    pub(crate) fn first(dataset: FileId, tags: Tags, now_ns: u64) -> Self {
        Self {
            dataset,
            generation: 0,
            parent: None,
            verb: Verb::Create,
            committed_ns: now_ns,
            oldest_kept: 0,
            appended: 0,
            rewritten: 0,
            tags,
            entries: Vec::new(),
            hash: 0,
        }
    }

    /// The next generation, which so far has the same entries.
    pub(crate) fn next(&self, verb: Verb, now_ns: u64) -> Self {
        Self {
            generation: self.generation + 1,
            parent: Some(Parent {
                generation: self.generation,
                hash: self.hash,
            }),
            verb,
            committed_ns: now_ns.max(self.committed_ns),
            hash: 0,
            ..self.clone()
        }
    }

    /// Counts rows that are new in the dataset, and returns how many were before them.
    pub(crate) fn count_appended(&mut self, rows: u64) -> u64 {
        let before = self.appended;
        self.appended = before.saturating_add(rows);
        before
    }

    /// Adds a shard of new rows at the end, which those who follow are told.
    pub(crate) fn add(&mut self, mut entry: Entry) {
        let stream = self.count_appended(entry.row_count().unwrap_or(0));
        if let Some(sealed) = &mut entry.sealed {
            sealed.stream = Some(stream);
        }
        self.entries.push(entry);
    }

    /// Returns the entry of a file; a file may have several.
    pub fn entries_of(&self, file: FileId) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.file == file)
    }

    /// Returns how many tokens the sealed entries have.
    #[must_use]
    pub fn sealed_rows(&self) -> u64 {
        self.entries.iter().filter_map(Entry::row_count).sum()
    }

    /// Tells whether rows of a file count.
    #[must_use]
    pub fn names(&self, file: FileId) -> bool {
        self.entries_of(file).next().is_some()
    }

    /// Tells whether any of some rows count.
    pub(crate) fn names_any(&self, taken: &Taken) -> bool {
        let rows = &taken.rows;
        let meets = |entry: &Entry| {
            entry.rows.from < rows.end && entry.rows.to.is_none_or(|to| rows.start < to)
        };
        self.entries_of(taken.file).any(meets)
    }

    /// What no generation can be.
    fn check(&self) -> Result<(), ManifestFlaw> {
        let expect = |is_sound: bool, field| match is_sound {
            true => Ok(()),
            false => Err(ManifestFlaw::Field { field }),
        };
        let follows = self.parent.map_or(self.generation == 0, |parent| {
            // A repair passes over damaged ones.
            let is_over = self.verb == Verb::Repair && parent.generation < self.generation;
            is_over || parent.generation.checked_add(1) == Some(self.generation)
        });
        expect(follows, "parent")?;
        // It has a successor.
        expect(self.generation < u64::MAX, "generation")?;
        expect(self.oldest_kept <= self.generation, "oldest_kept")?;
        expect(self.rewritten <= self.generation, "rewritten")?;
        let (mut total, mut bytes): (u64, u64) = (0, 0);
        for entry in &self.entries {
            expect(entry.is_sound(), "entries")?;
            expect(entry.rows.to.unwrap_or(entry.rows.from) <= ROWS_MAX, "rows")?;
            expect(entry.has_room(), "bytes")?;
            bytes = entry
                .sealed
                .as_ref()
                .map_or(Some(bytes), |sealed| bytes.checked_add(sealed.bytes))
                .ok_or(ManifestFlaw::Field { field: "bytes" })?;
            total = total
                .checked_add(entry.row_count().unwrap_or(0))
                .ok_or(ManifestFlaw::Field { field: "rows" })?;
        }
        expect(total <= ROWS_MAX, "rows")?;
        expect(rows_are_once(&self.entries), "rows")
    }
}

/// Tells whether no row of a file is named twice.
fn rows_are_once(entries: &[Entry]) -> bool {
    let mut files = BTreeSet::new();
    let is_shared = entries.iter().any(|entry| !files.insert(entry.file));
    if !is_shared {
        return true;
    }
    let mut ranges: Vec<_> = entries
        .iter()
        .map(|entry| (entry.file, entry.rows.from, entry.rows.to))
        .collect();
    ranges.sort_unstable_by_key(|(file, from, _)| (*file, *from));
    ranges.windows(2).all(|pair| {
        let ((file, _, to), (next_file, from, _)) = (pair[0], pair[1]);
        file != next_file || to.is_some_and(|to| to <= from)
    })
}

/// What is in the JSON of a manifest besides its hash.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    format: String,
    dataset: FileId,
    generation: u64,
    parent: Option<ParentFields>,
    verb: Verb,
    committed_ns: u64,
    oldest_kept: u64,
    appended: u64,
    rewritten: u64,
    tags: Tags,
    entries: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ParentFields {
    generation: u64,
    hash: Hex,
}
