use std::ops::Range;

use ng_query::Zone;
use ng_query::sealed::FileId;
use ng_store::BlockReader;
use ng_store::disk::{Dir, Disk};

use crate::manifest::Sealed;
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
    let mut start: u64 = 0;
    let mut shards = Vec::with_capacity(manifest.entries.len());
    for entry in &manifest.entries {
        let (tail, end) = match entry.rows.to {
            Some(end) => (None, end),
            None => match open_tail(place, entry) {
                Ok(tail) => {
                    let end = tail.len();
                    (Some(tail), end)
                }
                Err(source) => {
                    findings.push(Finding::TailUnreadable {
                        source: Box::new(source),
                    });
                    (None, entry.rows.from)
                }
            },
        };
        let shard = Shard {
            file: entry.file,
            rows: entry.rows.from..end,
            start,
            sealed: entry.sealed.clone(),
            tail,
        };
        start = start.saturating_add(shard.len());
        shards.push(shard);
    }
    Ok(shards)
}
