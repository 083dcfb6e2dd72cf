//! The files that manifests name.

use std::collections::{BTreeSet, HashSet};

use ng_query::sealed::FileId;
use ng_store::disk::Dir;

use crate::place::Place;
use crate::{DatasetError, Manifest, ManifestFlaw};

/// How many files are locked at once, until it was looked through who names them: each is open
/// once or twice.
pub(super) const BATCH: usize = 64;

/// The files that the manifests in the folder name. Each manifest is read once.
#[derive(Default)]
pub(super) struct Named {
    seen: BTreeSet<u64>,
    files: HashSet<FileId>,
}

impl Named {
    /// Some generations will not be read.
    pub(super) fn pass_over<'a>(&mut self, generations: impl Iterator<Item = &'a u64>) {
        self.seen.extend(generations);
    }

    pub(super) fn has(&self, file: FileId) -> bool {
        self.files.contains(&file)
    }

    /// Reads the manifests that are new in the folder; `damaged` decides whether one is passed over
    /// that may name any file.
    ///
    /// A generation that goes meanwhile may be followed by one that was not listed: it is done when
    /// the folder is listed twice with nothing new.
    pub(super) fn update<R: Dir>(
        &mut self,
        place: &Place<R>,
        mut damaged: impl FnMut(u64, ManifestFlaw) -> Result<(), DatasetError>,
    ) -> Result<(), DatasetError> {
        let mut last = Vec::new();
        loop {
            let numbers = place.generations()?;
            let mut is_complete = numbers == last;
            for &generation in &numbers {
                if self.seen.contains(&generation) {
                    continue;
                }
                match place.read(generation)? {
                    Some(Ok(manifest)) => self.add(&manifest),
                    Some(Err(flaw)) => {
                        damaged(generation, flaw)?;
                        self.seen.insert(generation);
                    }
                    None => is_complete = false,
                }
            }
            if is_complete {
                return Ok(());
            }
            last = numbers;
        }
    }

    pub(super) fn add(&mut self, manifest: &Manifest) {
        self.seen.insert(manifest.generation);
        self.files
            .extend(manifest.entries.iter().map(|entry| entry.file));
    }
}
