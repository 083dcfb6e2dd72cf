//! What a dataset says about itself.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use ng_query::sealed::FileId;
use ng_store::disk::Dir;

use super::real::shard_bytes;
use crate::manifest::Tags;
use crate::place::{Place, SHARDS, shard_of};
use crate::{Dataset, DatasetError, Finding, Snapshot, Verb};

/// What a dataset says about itself: the newest generation that can be read, and the folder.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DatasetInfo {
    /// Its random number.
    pub id: FileId,
    /// The newest generation that can be read.
    pub generation: u64,
    /// What made it.
    pub verb: Verb,
    /// When it was made, in nanoseconds since 1970 UTC.
    pub committed_ns: u64,
    /// No generation below this number is kept.
    pub oldest_kept: u64,
    /// How many generations are there, with those that a reader still has.
    pub generations: u64,
    /// How many entries of sealed shards it has.
    pub shards: u64,
    /// Its open tails.
    pub tails: Vec<TailInfo>,
    /// How many tokens it has, with those that are committed in open tails.
    pub rows: u64,
    /// How many bytes of the disk its files take.
    pub disk_bytes: u64,
    /// How many bytes of the disk other shards take: those of older generations, those that nobody
    /// has named so far, and those that nobody will.
    pub other_disk_bytes: u64,
    /// What its shards are sorted by, and how many of them.
    pub orders: BTreeMap<String, u64>,
    /// The caller's notes.
    pub tags: Tags,
    /// The damage that was found.
    pub findings: Arc<[Finding]>,
}

/// An open tail.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TailInfo {
    /// Its file.
    pub file: FileId,
    /// Which of its rows are committed and count.
    pub rows: Range<u64>,
    /// The process of its writer, if there is one and the system says which.
    pub writer: Option<u32>,
}

impl<R: Dir> Dataset<R> {
    /// Tells what there is to know without reading tokens.
    ///
    /// # Errors
    ///
    /// [`DatasetError`].
    pub fn info(&self) -> Result<DatasetInfo, DatasetError> {
        let snapshot = self.snapshot()?;
        let manifest = snapshot.manifest();
        let (disk_bytes, other_disk_bytes) = bytes(self.place(), &snapshot)?;
        let mut orders = BTreeMap::new();
        let sealed = manifest.entries.iter().filter_map(|it| it.sealed.as_ref());
        for order in sealed.filter_map(|sealed| sealed.order.as_ref()) {
            *orders.entry(order.clone()).or_default() += 1;
        }
        let tails = snapshot.shards().iter().filter(|shard| shard.is_open());
        let tails: Vec<TailInfo> = tails
            .map(|shard| TailInfo {
                file: shard.file(),
                rows: shard.rows(),
                writer: shard.writer(),
            })
            .collect();
        Ok(DatasetInfo {
            id: manifest.dataset,
            generation: manifest.generation,
            verb: manifest.verb,
            committed_ns: manifest.committed_ns,
            oldest_kept: manifest.oldest_kept,
            generations: self.generations()?.len() as u64,
            shards: (manifest.entries.len() - tails.len()) as u64,
            tails,
            rows: snapshot.len(),
            disk_bytes,
            other_disk_bytes,
            orders,
            tags: manifest.tags.clone(),
            findings: snapshot.shared_findings(),
        })
    }
}

/// How many bytes the files of a snapshot take, and how many the others.
fn bytes<R: Dir>(place: &Place<R>, snapshot: &Snapshot<R>) -> Result<(u64, u64), DatasetError> {
    let shards = place.shards()?;
    let names = shards.names();
    let names = names.map_err(DatasetError::io(place.path().join(SHARDS), "list"))?;
    let entries = snapshot.manifest().entries.iter();
    let named: HashSet<FileId> = entries.map(|entry| entry.file).collect();
    let (mut own, mut others) = (0, 0);
    for file in names.iter().filter_map(|name| shard_of(name)) {
        let bytes = shard_bytes(place, &shards, file)?.unwrap_or(0);
        match named.contains(&file) {
            true => own += bytes,
            false => others += bytes,
        }
    }
    Ok((own, others))
}
