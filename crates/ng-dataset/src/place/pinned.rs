use std::fmt;
use std::io::ErrorKind;
use std::ops::Deref;
use std::thread::sleep;
use std::time::Duration;

use ng_store::disk::{Dir, Disk, read_whole};

use super::held::is_without_locks;
use super::{Place, manifest_name};
use crate::{DatasetError, Finding, Manifest, ManifestFlaw};

/// More than the manifest of a million shards takes: about 700 bytes a shard.
const MANIFEST_MAX_BYTES: u64 = 1 << 30;

/// How often a generation is looked for anew, if each one found was dropped meanwhile.
const ATTEMPTS: u32 = 64;

/// How long to wait before that: longer each time. A collector, or a publisher that looks for what
/// dead ones left, holds the lock of a manifest for a moment.
const PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// A generation that is read, whose files stay: a shared lock on its manifest tells the collector.
pub(crate) struct Pinned<R: Dir> {
    manifest: Manifest,
    /// Holds the lock while open.
    _file: R::File,
}

impl<R: Dir> Deref for Pinned<R> {
    type Target = Manifest;

    fn deref(&self) -> &Manifest {
        &self.manifest
    }
}

impl<R: Dir> fmt::Debug for Pinned<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pinned").field(&self.manifest).finish()
    }
}

impl<R: Dir> Pinned<R> {
    pub(super) fn new(manifest: Manifest, file: R::File) -> Self {
        Self {
            manifest,
            _file: file,
        }
    }
}

impl<R: Dir> Place<R> {
    /// Pins the newest generation, for a change: a damaged manifest above it is an error.
    pub(crate) fn newest(&self) -> Result<Pinned<R>, DatasetError> {
        self.find(|generation, flaw| {
            Err(DatasetError::Manifest {
                path: self.manifest_path(generation),
                flaw,
            })
        })
    }

    /// Pins the newest generation that can be read; damaged ones above it are found.
    pub(crate) fn newest_readable(&self) -> Result<(Pinned<R>, Vec<Finding>), DatasetError> {
        let mut damaged = Vec::new();
        let pinned = self.find(|generation, flaw| {
            damaged.push((generation, flaw));
            Ok(())
        })?;
        let shown = pinned.generation;
        let finding = |(generation, flaw)| Finding::ManifestDamaged {
            path: self.manifest_path(generation),
            flaw,
            shown,
        };
        Ok((pinned, damaged.into_iter().map(finding).collect()))
    }

    /// Pins the newest generation that can be read, and returns the highest damaged one above it.
    pub(crate) fn newest_over_damage(&self) -> Result<(Pinned<R>, Option<u64>), DatasetError> {
        let mut highest = None;
        let pinned = self.find(|generation, _| {
            highest = highest.max(Some(generation));
            Ok(())
        })?;
        let above = highest.filter(|highest| *highest > pinned.generation);
        Ok((pinned, above))
    }

    /// Pins a generation by its number.
    pub(crate) fn generation(&self, generation: u64) -> Result<Pinned<R>, DatasetError> {
        let numbers = self.generations()?;
        let (Some(&oldest), Some(&newest)) = (numbers.first(), numbers.last()) else {
            return Err(self.not_a_dataset());
        };
        match self.pin(generation)? {
            Some(Ok(pinned)) => Ok(pinned),
            Some(Err(flaw)) => Err(DatasetError::Manifest {
                path: self.manifest_path(generation),
                flaw,
            }),
            None => Err(DatasetError::GenerationGone {
                path: self.path().to_owned(),
                generation,
                oldest,
                newest,
            }),
        }
    }

    /// Pins the highest generation; `damaged` decides whether a damaged one is passed over.
    fn find(
        &self,
        mut damaged: impl FnMut(u64, ManifestFlaw) -> Result<(), DatasetError>,
    ) -> Result<Pinned<R>, DatasetError> {
        let mut last = None;
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                // Who holds the lock may not be running just now.
                sleep(LONGEST_PAUSE.min(PAUSE * attempt));
            }
            let numbers = self.generations()?;
            if numbers.is_empty() {
                return Err(self.not_a_dataset());
            }
            for &generation in numbers.iter().rev() {
                match self.pin(generation)? {
                    // Dropped since the folder was listed: there is a newer one.
                    None => break,
                    Some(Ok(pinned)) => return Ok(pinned),
                    Some(Err(flaw)) => {
                        last = Some((generation, flaw.clone()));
                        damaged(generation, flaw)?;
                    }
                }
            }
            if let Some((generation, flaw)) = last.take_if(|(lowest, _)| numbers[0] == *lowest) {
                // None of them can be read.
                let path = self.manifest_path(generation);
                return Err(DatasetError::Manifest { path, flaw });
            }
        }
        Err(DatasetError::io(self.path(), "find the newest generation")(
            ErrorKind::ResourceBusy.into(),
        ))
    }

    /// Pins a generation; `None` if it is not there, or no longer.
    pub(crate) fn pin(
        &self,
        generation: u64,
    ) -> Result<Option<Result<Pinned<R>, ManifestFlaw>>, DatasetError> {
        let (name, path) = (manifest_name(generation), self.manifest_path(generation));
        let file = match self.root().open(&name, false) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(DatasetError::io(&path, "open"))?,
        };
        match file.try_lock_shared() {
            // The collector holds it, about to remove it.
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
            // Readers over such a network rely on the age that a collector leaves.
            Err(error) if is_without_locks(&error) => {}
            locked => locked.map_err(DatasetError::io(&path, "lock"))?,
        }
        let is_named = self.root().is_named(&name, &file);
        if !is_named.map_err(DatasetError::io(&path, "inspect"))? {
            return Ok(None);
        }
        let parsed = self.parse(generation, &file)?;
        Ok(Some(parsed.map(|manifest| Pinned::new(manifest, file))))
    }

    /// Reads a generation that need not stay; `None` if it is not there.
    pub(crate) fn read(
        &self,
        generation: u64,
    ) -> Result<Option<Result<Manifest, ManifestFlaw>>, DatasetError> {
        let file = match self.root().open(&manifest_name(generation), false) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(DatasetError::io(self.manifest_path(generation), "open"))?,
        };
        self.parse(generation, &file).map(Some)
    }

    pub(crate) fn parse(
        &self,
        generation: u64,
        file: &R::File,
    ) -> Result<Result<Manifest, ManifestFlaw>, DatasetError> {
        let path = self.manifest_path(generation);
        let have = file.len().map_err(DatasetError::io(&path, "inspect"))?;
        if have > MANIFEST_MAX_BYTES {
            let limit = MANIFEST_MAX_BYTES;
            return Ok(Err(ManifestFlaw::Length { have, limit }));
        }
        let bytes = read_whole(file, &path, MANIFEST_MAX_BYTES)?;
        let is_its = |manifest: Manifest| match manifest.generation == generation {
            true => Ok(manifest),
            false => Err(ManifestFlaw::Number {
                found: manifest.generation,
                expected: generation,
            }),
        };
        let is_ours = |manifest: Manifest| match self.dataset {
            Some(expected) if manifest.dataset != expected => Err(ManifestFlaw::Dataset {
                found: manifest.dataset,
                expected,
            }),
            _ => Ok(manifest),
        };
        Ok(Manifest::parse(&bytes).and_then(is_its).and_then(is_ours))
    }

    fn not_a_dataset(&self) -> DatasetError {
        DatasetError::NotADataset {
            path: self.path().to_owned(),
        }
    }
}
