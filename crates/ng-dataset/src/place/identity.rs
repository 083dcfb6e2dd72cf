//! Which dataset a folder is of.

use ng_query::sealed::{FileId, SEAL_BYTES, hash_in};
use ng_store::disk::{Dir, Disk};

use super::{Place, manifest_name, shard_name};
use crate::{DatasetError, Entry, Manifest, Parent};

impl<R: Dir> Place<R> {
    /// Finds the dataset of a folder whose newest readable generation is known. It may be from
    /// elsewhere: the newest one counts of those that belong here, if any does.
    pub(crate) fn dataset_of(&self, newest: &Manifest) -> Result<FileId, DatasetError> {
        if self.belongs(newest) {
            return Ok(newest.dataset);
        }
        let older = self.generations()?.into_iter().rev();
        for generation in older.filter(|generation| *generation < newest.generation) {
            // An older one that cannot be read is no reason not to open the newest.
            if let Ok(Some(Ok(manifest))) = self.read(generation)
                && self.belongs(&manifest)
            {
                return Ok(manifest.dataset);
            }
        }
        Ok(newest.dataset)
    }

    /// Tells whether the generation is there that a manifest was made from or, if that is not kept
    /// any more, a file that it names.
    fn belongs(&self, manifest: &Manifest) -> bool {
        let is_dropped = |parent: Parent| parent.generation < manifest.oldest_kept;
        let may_be_gone = manifest.parent.is_some_and(is_dropped);
        self.has_parent_of(manifest) || (may_be_gone && self.has_a_file_of(manifest))
    }

    fn has_a_file_of(&self, manifest: &Manifest) -> bool {
        let Ok(shards) = self.shards() else {
            return false;
        };
        let is_there = |entry: &Entry| shards.open(&shard_name(entry.file), false).is_ok();
        manifest.entries.iter().any(is_there)
    }

    /// Tells whether the generation is there that a manifest was made from; only the hash at its
    /// end is read.
    fn has_parent_of(&self, manifest: &Manifest) -> bool {
        let hash_of = |generation| {
            let file = self.root().open(&manifest_name(generation), false).ok()?;
            let at = file.len().ok()?.checked_sub(SEAL_BYTES as u64)?;
            let mut end = [0; SEAL_BYTES];
            file.read_at(&mut end, at).ok()?;
            hash_in(&end)
        };
        let parent = manifest.parent;
        parent.is_some_and(|parent| hash_of(parent.generation) == Some(parent.hash))
    }
}
