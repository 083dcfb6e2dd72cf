//! Which dataset a folder is of.

use ng_query::sealed::{FileId, SEAL_BYTES, hash_in};
use ng_store::disk::{Dir, Disk};

use super::{Place, manifest_name};
use crate::{DatasetError, Manifest};

impl<R: Dir> Place<R> {
    /// Finds the dataset of a folder whose newest readable generation is known. It may be from
    /// elsewhere: the newest one counts of those that follow one that is there, if any does.
    pub(crate) fn dataset_of(&self, newest: &Manifest) -> Result<FileId, DatasetError> {
        if self.has_parent_of(newest) {
            return Ok(newest.dataset);
        }
        let older = self.generations()?.into_iter().rev();
        for generation in older.filter(|generation| *generation < newest.generation) {
            // An older one that cannot be read is no reason not to open the newest.
            if let Ok(Some(Ok(manifest))) = self.read(generation)
                && self.has_parent_of(&manifest)
            {
                return Ok(manifest.dataset);
            }
        }
        Ok(newest.dataset)
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
