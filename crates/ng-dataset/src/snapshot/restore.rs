//! The snapshot that another process took.

use ng_store::disk::Dir;
use ng_store::{BlockReader, Commit};

use super::Snapshot;
use super::shard::placed;
use crate::manifest::Entry;
use crate::place::Place;
use crate::shard::open_file;
use crate::{Dataset, DatasetError};

impl<R: Dir> Dataset<R> {
    /// Takes the snapshot that another process took, by its generation and its
    /// [`tails`](Snapshot::tails). Of an open tail it shows the same commit, however much was
    /// appended since; it is checked that the file still begins with it. A tail without a commit
    /// shows no rows, as it did there.
    ///
    /// # Errors
    ///
    /// [`DatasetError::GenerationGone`], [`DatasetError::Open`] if a tail was taken back, and the
    /// others of [`DatasetError`].
    pub fn snapshot_as(
        &self,
        generation: u64,
        tails: &[Commit],
    ) -> Result<Snapshot<R>, DatasetError> {
        let place = self.place().clone();
        let pinned = place.generation(generation)?;
        let shards = placed(&pinned, |entry| {
            let shown = tails.iter().find(|shown| shown.file_id == entry.file.0);
            let tail = shown.map(|shown| open_tail_at(&place, entry, shown));
            tail.transpose()
        })?;
        Ok(Snapshot::of_shards(place, pinned, shards, Vec::new()))
    }
}

/// Opens an open tail, which must begin with what was committed then.
fn open_tail_at<R: Dir>(
    place: &Place<R>,
    entry: &Entry,
    shown: &Commit,
) -> Result<(BlockReader<R::File>, Option<Commit>), DatasetError> {
    let reader = open_file(place, entry.file)?;
    reader.pass_at(shown)?;
    match shown.tokens >= entry.rows.from {
        true => Ok((reader, Some(*shown))),
        false => Err(DatasetError::ShardShort {
            path: reader.path().to_owned(),
            found: shown.tokens,
            expected: entry.rows.from,
        }),
    }
}
