//! Shards that are mapped: all the `unsafe` of the crate.

use std::ops::Range;

use ng_query::index::Index;
use ng_store::{BlockReader, MmapStore};

use super::Snapshot;
use crate::DatasetError;

impl Snapshot {
    /// Has queries map the shards that they open, instead of reading and verifying their blocks.
    ///
    /// # Safety
    ///
    /// As long as this snapshot, its clones, or a query over them live, nobody truncates a shard
    /// that it names or overwrites committed tokens in it, nor the files of its index. What this
    /// crate does never does.
    #[must_use]
    pub unsafe fn mapped(mut self) -> Self {
        self.access.is_mapped = true;
        self.opened = Default::default();
        self
    }
}

/// Maps rows of a file that was opened for reading before.
pub(super) fn map(
    reader: &BlockReader,
    rows: Range<u64>,
) -> Result<ng_store::Snapshot, DatasetError> {
    // SAFETY: `open` asks that (1) nobody truncates the file or overwrites committed tokens while
    // it is mapped: the caller of `Snapshot::mapped` has promised it.
    let store = unsafe { MmapStore::open(reader.path()) }?;
    let snapshot = store.snapshot();
    let (found, expected) = (*snapshot.commit(), reader.commit());
    if found.file_id != expected.file_id || found.tokens < expected.tokens {
        return Err(DatasetError::ShardShort {
            path: reader.path().to_owned(),
            found: found.tokens,
            expected: expected.tokens,
        });
    }
    // A tail may have grown since; what was committed stays as it is.
    match rows == (0..found.tokens) {
        true => Ok(snapshot),
        false => Ok(snapshot.slice(rows.start as usize..rows.end as usize)),
    }
}

/// Maps the index beside a file, if there is one.
pub(super) fn map_index(reader: &BlockReader) -> Option<Index> {
    // SAFETY: `open` asks that (1) nobody changes the files of the index while they are mapped:
    // the caller of `Snapshot::mapped` has promised it.
    unsafe { Index::open(reader) }
}
