//! The files that manifests name.

use std::collections::{BTreeSet, HashSet};

use ng_query::sealed::FileId;
use ng_store::disk::Dir;

use crate::place::Place;
use crate::{DatasetError, Manifest, ManifestFlaw};

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

    /// Reads the manifests that are new in the folder.
    ///
    /// A generation that goes meanwhile may be followed by one that was not listed: it is done when
    /// the folder is listed twice with nothing new.
    pub(super) fn update<R: Dir>(&mut self, place: &Place<R>) -> Result<(), DatasetError> {
        let mut last = Vec::new();
        loop {
            let numbers = place.generations()?;
            let mut is_complete = numbers == last;
            for &generation in &numbers {
                if self.seen.contains(&generation) {
                    continue;
                }
                match place.read(generation)? {
                    Some(manifest) => self.add(place, generation, manifest)?,
                    None => is_complete = false,
                }
            }
            if is_complete {
                return Ok(());
            }
            last = numbers;
        }
    }

    /// Adds the files of a manifest. One that is damaged may name any.
    pub(super) fn add<R: Dir>(
        &mut self,
        place: &Place<R>,
        generation: u64,
        manifest: Result<Manifest, ManifestFlaw>,
    ) -> Result<(), DatasetError> {
        let manifest = manifest.map_err(|flaw| refusal(place, generation, flaw))?;
        self.seen.insert(generation);
        self.files
            .extend(manifest.entries.iter().map(|entry| entry.file));
        Ok(())
    }
}

/// Why no file is removed because of a manifest. Of two datasets, one names other files than it
/// should.
pub(super) fn refusal<R: Dir>(
    place: &Place<R>,
    generation: u64,
    flaw: ManifestFlaw,
) -> DatasetError {
    let path = place.manifest_path(generation);
    match flaw {
        ManifestFlaw::Dataset { .. } => DatasetError::Manifest { path, flaw },
        flaw => DatasetError::KeptManifest {
            path,
            generation,
            flaw,
        },
    }
}
