use std::ops::Range;

use ng_query::Zone;
use ng_query::sealed::FileId;
use ng_store::disk::{Dir, Disk};
use ng_store::{BlockReader, Commit};

use crate::manifest::{Entry, Sealed};
use crate::place::Place;
use crate::shard::{check_rows, check_sealed, open_file, open_tail};
use crate::{DatasetError, Finding, Manifest};

/// The rows of one file in a snapshot.
pub struct Shard<D: Disk> {
    file: FileId,
    rows: Range<u64>,
    start: u64,
    sealed: Option<Sealed>,
    /// The reader of an open tail stays at the commit it found.
    tail: Option<BlockReader<D>>,
    /// The commit of the open tail that is shown, if the reader is at a later one.
    shown: Option<Commit>,
}

impl<D: Disk> Shard<D> {
    /// Returns the file, by its random number.
    #[must_use]
    pub fn file(&self) -> FileId {
        self.file
    }

    /// Returns which rows of the file count.
    #[must_use]
    pub fn rows(&self) -> Range<u64> {
        self.rows.clone()
    }

    /// Returns the positions of its tokens in the snapshot.
    #[must_use]
    pub fn positions(&self) -> Range<u64> {
        self.start..self.start + (self.rows.end - self.rows.start)
    }

    /// Returns the number of its tokens.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.rows.end - self.rows.start
    }

    /// Tells whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Tells whether a writer may still append to its file.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.sealed.is_none()
    }

    /// Returns the commit of an open tail that is shown; `None` if the rows no longer grow, or the
    /// tail cannot be read.
    #[must_use]
    pub fn tail(&self) -> Option<Commit> {
        let tail = self.tail.as_ref()?;
        Some(self.shown.unwrap_or_else(|| tail.commit()))
    }

    /// Returns what is known of it without opening it; `None` for an open tail.
    #[must_use]
    pub fn sealed(&self) -> Option<&Sealed> {
        self.sealed.as_ref()
    }

    /// Returns the extremes of all its rows, if they are known.
    #[must_use]
    pub fn zone(&self) -> Option<&Zone> {
        self.sealed.as_ref()?.zone.as_ref()
    }

    /// Returns the process of the writer of an open tail, if the system says.
    pub(crate) fn writer(&self) -> Option<u32> {
        self.tail.as_ref()?.appender()
    }

    /// Opens its file, and checks that it is the one that was named.
    pub(crate) fn open<R: Dir<File = D>>(
        &self,
        place: &Place<R>,
    ) -> Result<BlockReader<D>, DatasetError> {
        if let Some(tail) = &self.tail {
            return Ok(tail.clone());
        }
        let reader = open_file(place, self.file)?;
        if let Some(sealed) = &self.sealed {
            check_sealed(&reader, sealed)?;
        }
        check_rows(&reader, self.rows.end)?;
        Ok(reader)
    }
}

/// The shards of a generation. An open tail that cannot be opened has no rows, and is found.
pub(super) fn all<R: Dir>(
    place: &Place<R>,
    manifest: &Manifest,
    findings: &mut Vec<Finding>,
) -> Result<Vec<Shard<R::File>>, DatasetError> {
    placed(manifest, |entry| match open_tail(place, entry) {
        Ok(tail) => Ok(Some((tail, None))),
        Err(source) => {
            findings.push(Finding::TailUnreadable {
                source: Box::new(source),
            });
            Ok(None)
        }
    })
}

/// An open tail, and the commit that is shown of it, if that is an earlier one.
type Tail<D> = (BlockReader<D>, Option<Commit>);

/// The shards of a generation, one after another. `tail_of` opens an open tail, of which no rows
/// are shown if it returns `None`.
pub(super) fn placed<D: Disk>(
    manifest: &Manifest,
    mut tail_of: impl FnMut(&Entry) -> Result<Option<Tail<D>>, DatasetError>,
) -> Result<Vec<Shard<D>>, DatasetError> {
    let mut start: u64 = 0;
    let mut shards = Vec::with_capacity(manifest.entries.len());
    for entry in &manifest.entries {
        let tail = match entry.rows.to {
            Some(_) => None,
            None => tail_of(entry)?,
        };
        let shown = |(tail, shown): &Tail<D>| shown.map_or(tail.len(), |shown| shown.tokens);
        let of_tail = || tail.as_ref().map_or(entry.rows.from, shown);
        let end = entry.rows.to.unwrap_or_else(of_tail);
        let (tail, shown) = tail.map_or((None, None), |(tail, shown)| (Some(tail), shown));
        let shard = Shard {
            file: entry.file,
            rows: entry.rows.from..end,
            start,
            sealed: entry.sealed.clone(),
            tail,
            shown,
        };
        start = start.saturating_add(shard.len());
        shards.push(shard);
    }
    Ok(shards)
}
