use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::IndexWarning;
use super::manifest::{Manifest, SheetEntry};
use super::sheet::{Kind, Rotten};

/// What is put aside of an index, and the names it is reported by.
#[derive(Debug)]
pub(super) struct Warnings {
    told: Mutex<Vec<IndexWarning>>,
    folder: PathBuf,
    /// Names the columns, once it was read.
    manifest: Option<Manifest>,
}

impl Warnings {
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            told: Mutex::default(),
            folder: folder.to_owned(),
            manifest: None,
        }
    }

    pub(super) fn name_by(&mut self, manifest: Manifest) {
        self.manifest = Some(manifest);
    }

    pub(super) fn told(&self) -> Vec<IndexWarning> {
        self.lock().clone()
    }

    pub(super) fn push(&self, warning: IndexWarning) {
        self.lock().push(warning);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<IndexWarning>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reports the first rotten piece of a column of a file.
    #[cold]
    pub(super) fn rotten(&self, rotten: Rotten, segment: usize, kind: Kind) {
        let Some((entry, [found, expected])) = self.entry(segment, kind).zip(rotten.hashes) else {
            return;
        };
        let file = self.folder.join(&entry.file);
        let name = &entry.columns[rotten.column].name;
        let mut told = self.lock();
        let is_told = told.iter().any(|warning| match warning {
            IndexWarning::RottenPiece { path, column, .. } => *path == file && column == name,
            _ => false,
        });
        if !is_told {
            told.push(IndexWarning::RottenPiece {
                path: file,
                column: name.clone(),
                piece: rotten.piece,
                found,
                expected,
            });
        }
    }

    fn entry(&self, segment: usize, kind: Kind) -> Option<&SheetEntry> {
        let manifest = self.manifest.as_ref()?;
        match kind {
            Kind::Ids => manifest.ids.as_ref(),
            kind => manifest.segments.get(segment)?.sheet(kind),
        }
    }
}
