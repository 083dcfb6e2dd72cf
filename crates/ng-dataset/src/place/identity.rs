//! Which dataset a folder is of.

use std::io::ErrorKind;

use ng_query::sealed::{FileId, SEAL_BYTES, hash_in};
use ng_store::disk::{Dir, Disk};

use super::{Place, manifest_name};
use crate::{DatasetError, Manifest};

impl<R: Dir> Place<R> {
    /// Finds the dataset of a folder whose newest readable generation is known. It may be from
    /// elsewhere: the newest one counts of those that follow one that is there, if any does.
    pub(crate) fn dataset_of(&self, newest: &Manifest) -> Result<FileId, DatasetError> {
        if self.has_parent_of(newest)? {
            return Ok(newest.dataset);
        }
        let mut older = self.generations()?;
        older.retain(|generation| *generation < newest.generation);
        for generation in older.into_iter().rev() {
            if let Some(Ok(manifest)) = self.read(generation)?
                && self.has_parent_of(&manifest)?
            {
                return Ok(manifest.dataset);
            }
        }
        Ok(newest.dataset)
    }

    /// Tells whether the generation is there that a manifest was made from; only the hash at its
    /// end is read.
    fn has_parent_of(&self, manifest: &Manifest) -> Result<bool, DatasetError> {
        let Some(parent) = manifest.parent else {
            return Ok(false);
        };
        let path = self.manifest_path(parent.generation);
        let file = match self.root().open(&manifest_name(parent.generation), false) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            opened => opened.map_err(DatasetError::io(&path, "open"))?,
        };
        let mut end = [0; SEAL_BYTES];
        let read = file.len().and_then(|length| {
            let at = length.saturating_sub(SEAL_BYTES as u64);
            file.read_at(&mut end, at)
        });
        read.map_err(DatasetError::io(path, "read"))?;
        Ok(hash_in(&end) == Some(parent.hash))
    }
}
