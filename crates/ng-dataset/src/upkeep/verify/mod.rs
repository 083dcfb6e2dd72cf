//! What is damaged, and what is not as the manifests say.
//!
//! `manifests.rs` looks at every generation that is there, `shard.rs` at each file of one of them:
//! every block against its hash, and what every entry says of its tokens.

mod manifests;
mod report;
mod shard;

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};

use ng_parallel::Workers;
use ng_query::sealed::FileId;
use ng_store::disk::Dir;

pub use report::{
    DatasetReport, ManifestFault, ManifestProblem, ShardProblem, ShardReport, VerifyProgress,
};

use crate::manifest::Entry;
use crate::place::{Pinned, Place, SHARDS, shard_of};
use crate::{Dataset, DatasetError};

/// What is verified.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyOptions {
    generation: Option<u64>,
}

impl VerifyOptions {
    /// The newest generation that can be read.
    #[must_use]
    pub const fn new() -> Self {
        Self { generation: None }
    }

    /// Another generation.
    #[must_use]
    pub const fn generation(mut self, generation: u64) -> Self {
        self.generation = Some(generation);
        self
    }
}

impl<R: Dir> Dataset<R> {
    /// Verifies every manifest, and all that one generation names: the blocks and the table of each
    /// file, its commit, its length, its rows, and the zone and the order of each entry against its
    /// tokens. Damage of one shard is of one shard: the others are verified all the same.
    ///
    /// `watch` gets the progress, on the thread that made it. Of other generations, and of shards
    /// that no generation names, only the presence is checked.
    ///
    /// # Errors
    ///
    /// [`DatasetError::GenerationGone`] or [`DatasetError::Manifest`] if the generation cannot be
    /// read, [`DatasetError::Parallel`] if it is stopped, and what the system says of the folder.
    /// Damage is no error.
    pub fn verify(
        &self,
        workers: &Workers,
        options: &VerifyOptions,
        watch: impl Fn(VerifyProgress) + Sync,
    ) -> Result<DatasetReport, DatasetError> {
        let place = self.place();
        let pinned = match options.generation {
            Some(generation) => place.generation(generation)?,
            None => place.newest_readable()?.0,
        };
        verify(place, workers, &pinned, watch)
    }
}

/// The files of a generation, each with its entries.
type Files<'a> = BTreeMap<FileId, Vec<&'a Entry>>;

pub(super) fn verify<R: Dir>(
    place: &Place<R>,
    workers: &Workers,
    pinned: &Pinned<R>,
    watch: impl Fn(VerifyProgress) + Sync,
) -> Result<DatasetReport, DatasetError> {
    let there = shards_there(place)?;
    let mut report = manifests::verify(place, &there)?;
    report.generation = pinned.generation;
    let mut files = Files::new();
    for entry in &pinned.entries {
        files.entry(entry.file).or_default().push(entry);
    }
    let tokens = AtomicU64::new(0);
    for (done, (file, entries)) in files.iter().enumerate() {
        let progress = |tokens| VerifyProgress {
            shards_done: done as u64,
            shards: files.len() as u64,
            tokens,
        };
        let count = |more| {
            let before = tokens.fetch_add(more, Ordering::Relaxed);
            watch(progress(before + more));
        };
        let verified = shard::verify(place, workers, *file, entries, count)?;
        report.shards += 1;
        report.tokens += verified.tokens;
        if !verified.problems.is_empty() {
            report.damaged.push(verified);
        }
    }
    Ok(report)
}

pub(super) fn shards_there<R: Dir>(place: &Place<R>) -> Result<HashSet<FileId>, DatasetError> {
    let names = place.shards()?.names();
    let names = names.map_err(DatasetError::io(place.path().join(SHARDS), "list"))?;
    Ok(names.iter().filter_map(|name| shard_of(name)).collect())
}
