//! The collector: what no kept generation names goes.
//!
//! What happens in which order, so that a crash anywhere leaves no generation without its files:
//!
//! 1. A generation that raises the oldest kept number is published, so that nobody makes a lower
//!    one the newest again (`raise.rs`). If the disk is too full for that, what lower numbers than
//!    the one so far leave behind goes first, by the steps that follow.
//! 2. Each lower manifest is locked and unlinked, unless a reader has it or the one before, and the
//!    folder is synced.
//! 3. Only then go the files that none of the manifests left names (`files.rs`). After a crash in
//!    between they are files that nobody names, which a later collector removes when they are old.
//!
//! A file is removed under its own lock, with the manifests looked through again since it was
//! taken: its creator had it until the generation that names it was published (`../named.rs`). The
//! shards of a change have no locks of their own: while one is at work, files that nobody has named
//! yet stay.

mod files;
mod raise;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::time::Duration;

use ng_query::sealed::FileId;
use ng_store::disk::{Dir, Disk};

use self::raise::{Limits, raise, so_far};
use super::named::Named;
use super::real::disk_bytes;
use crate::place::{Place, Removal, manifest_name};
use crate::{Dataset, DatasetError, ManifestFlaw};

/// What a collector keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectOptions {
    keep: Keep,
    older: Duration,
    dry_run: bool,
}

/// Which generations are kept, however old the others are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keep {
    /// The newest, so many.
    Newest(u64),
    /// This one and all after it.
    From(u64),
}

/// How long a reader on another machine has to move on, unless the caller says otherwise.
const OLDER: Duration = Duration::from_secs(3600);

impl CollectOptions {
    /// Keeps the newest generation, and each that was the newest within the last hour.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            keep: Keep::Newest(1),
            older: OLDER,
            dry_run: false,
        }
    }

    /// Keeps this many generations, at least 1.
    #[must_use]
    pub const fn keep(mut self, generations: u64) -> Self {
        self.keep = Keep::Newest(generations);
        self
    }

    /// Keeps a generation and all after it.
    #[must_use]
    pub const fn keep_from(mut self, generation: u64) -> Self {
        self.keep = Keep::From(generation);
        self
    }

    /// Sets how long ago a generation must have been followed by the next one, and a file that
    /// nobody names must have been written, before it goes.
    ///
    /// Readers on this machine are seen by their locks; this is for those on other machines. If all
    /// are on this one, it may be zero.
    #[must_use]
    pub const fn older(mut self, older: Duration) -> Self {
        self.older = older;
        self
    }

    /// Changes nothing, and reports what would go if nobody read anything.
    #[must_use]
    pub const fn dry_run(mut self, dry_run: bool) -> Self {
        self.dry_run = dry_run;
        self
    }

    fn is_old(&self, age: Option<Duration>) -> bool {
        age.map_or(self.older.is_zero(), |age| age >= self.older)
    }
}

impl Default for CollectOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// What a collector removed, and what it left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CollectReport {
    /// The newest generation.
    pub generation: u64,
    /// No generation below this number is kept.
    pub oldest_kept: u64,
    /// The generations whose manifests were removed.
    pub removed_generations: Vec<u64>,
    /// How many shards were removed, those that nobody had named included.
    pub removed_shards: u64,
    /// How many of these nobody had named.
    pub removed_orphans: u64,
    /// How many bytes of the disk the removed files took.
    pub freed_bytes: u64,
    /// The generations that stay, with all their files, because somebody reads them.
    pub read: Vec<u64>,
    /// The generations that stay because somebody reads the one before.
    pub next_of_read: Vec<u64>,
    /// The generations that stay because they were the newest until recently.
    pub young_generations: Vec<u64>,
    /// How many files that nobody names stay because they are too young, or of unknown age.
    pub young_files: u64,
    /// How many files that nobody names stay because they are locked, or a change is at work: their
    /// creators will have them named, or their writers have not ended.
    pub locked_files: u64,
}

impl<R: Dir> Dataset<R> {
    /// Removes old generations, and the files that no other generation names.
    ///
    /// Generations that somebody reads stay with all their files, and go next time.
    ///
    /// # Errors
    ///
    /// [`DatasetError::GenerationGone`] if the oldest one to keep is above the newest,
    /// [`DatasetError::Manifest`] if the newest is damaged, or one is of another dataset, and
    /// [`DatasetError::KeptManifest`] if another one that is kept is damaged, since it is unknown what
    /// it names: one that goes may be. No generation is left without its files.
    pub fn collect(&self, options: &CollectOptions) -> Result<CollectReport, DatasetError> {
        collect(self.place(), options)
    }
}

/// Collects, as [`Dataset::collect`] does.
pub(crate) fn collect<R: Dir>(
    place: &Place<R>,
    options: &CollectOptions,
) -> Result<CollectReport, DatasetError> {
    match raise(place, options) {
        Err(error) if error.is_no_space() => {
            let before = collect_dropped(place, options)?;
            let after = remove(place, options, &raise(place, options)?)?;
            Ok(after.following(before))
        }
        limits => remove(place, options, &limits?),
    }
}

/// Removes only what is not kept any more: a full disk has no room to raise the oldest kept number.
fn collect_dropped<R: Dir>(
    place: &Place<R>,
    options: &CollectOptions,
) -> Result<CollectReport, DatasetError> {
    let limits = so_far(place, options)?;
    // The newest one may have its name from a publisher that died before it synced the folder.
    let synced = place.root().sync();
    synced.map_err(DatasetError::io(place.path(), "sync the folder"))?;
    remove(place, options, &limits)
}

fn remove<R: Dir>(
    place: &Place<R>,
    options: &CollectOptions,
    limits: &Limits,
) -> Result<CollectReport, DatasetError> {
    let mut collector = Collector::new(place, options, limits);
    let dropped = collector.read_kept(limits)?;
    collector.remove_manifests(dropped)?;
    collector.remove_files()?;
    Ok(collector.report)
}

impl CollectReport {
    /// Adds what was removed just before.
    fn following(self, before: Self) -> Self {
        Self {
            removed_generations: [before.removed_generations, self.removed_generations].concat(),
            removed_shards: before.removed_shards + self.removed_shards,
            removed_orphans: before.removed_orphans + self.removed_orphans,
            freed_bytes: before.freed_bytes + self.freed_bytes,
            ..self
        }
    }
}

struct Collector<'a, R: Dir> {
    place: &'a Place<R>,
    options: &'a CollectOptions,
    report: CollectReport,
    named: Named,
    /// The files that removed manifests named.
    dropped: HashSet<FileId>,
}

impl<'a, R: Dir> Collector<'a, R> {
    fn new(place: &'a Place<R>, options: &'a CollectOptions, limits: &Limits) -> Self {
        Self {
            place,
            options,
            report: CollectReport {
                generation: limits.newest,
                oldest_kept: limits.oldest_kept,
                young_generations: limits.young.clone(),
                ..CollectReport::default()
            },
            named: Named::default(),
            dropped: HashSet::new(),
        }
    }

    /// Reads the manifests that stay, and returns the others.
    fn read_kept(&mut self, limits: &Limits) -> Result<Vec<u64>, DatasetError> {
        let mut dropped = self.place.generations()?;
        dropped.retain(|generation| *generation < limits.end_of_dropped());
        // A dry run has nobody publish what the newest one names.
        let stays = |generation: &u64| self.options.dry_run && *generation == limits.base;
        self.named.pass_over(dropped.iter().filter(|it| !stays(it)));
        self.look_through()?;
        Ok(dropped)
    }

    /// Reads the manifests that are new in the folder.
    fn look_through(&mut self) -> Result<(), DatasetError> {
        let place = self.place;
        self.named.update(place, |generation, flaw| {
            Err(refusal(place, generation, flaw))
        })
    }

    fn remove_manifests(&mut self, dropped: Vec<u64>) -> Result<(), DatasetError> {
        if dropped.is_empty() {
            return Ok(());
        }
        // The newest one may have its name from a publisher that died before it synced the folder.
        self.sync_root()?;
        let mut is_before_read = false;
        for generation in dropped {
            is_before_read = match is_before_read {
                true => self.keep_next(generation)?,
                false => self.remove_manifest(generation)?,
            };
        }
        self.sync_root()
    }

    /// Keeps a generation because the one before it is read, and tells whether the next one must be
    /// kept as well.
    ///
    /// Who has a generation pinned may be about to publish the next one. Its number must not be
    /// free again, or what is published by it would be below the newest, and lost. Above a damaged
    /// one it may be the number after that.
    fn keep_next(&mut self, generation: u64) -> Result<bool, DatasetError> {
        let manifest = match self.place.read(generation)? {
            None => return Ok(false),
            Some(Err(flaw)) => {
                self.refuse_strange(generation, flaw)?;
                self.report.next_of_read.push(generation);
                return Ok(true);
            }
            Some(Ok(manifest)) => manifest,
        };
        self.named.add(&manifest);
        let name = manifest_name(generation);
        let path = self.place.manifest_path(generation);
        let is_read = matches!(
            Removal::of(self.place.root(), &name, &path)?,
            Removal::InUse
        );
        match is_read {
            true => self.report.read.push(generation),
            false => self.report.next_of_read.push(generation),
        }
        Ok(is_read)
    }

    /// Removes a manifest, unless it is read; tells whether it is.
    fn remove_manifest(&mut self, generation: u64) -> Result<bool, DatasetError> {
        let (name, path) = (
            manifest_name(generation),
            self.place.manifest_path(generation),
        );
        // A dry run leaves the locks alone: for a moment a reader would find it gone.
        let taken = match self.options.dry_run {
            true => Removal::Gone,
            false => Removal::of(self.place.root(), &name, &path)?,
        };
        let read = match &taken {
            Removal::Ours(file) => Some(self.place.parse(generation, file)?),
            Removal::Gone | Removal::InUse => self.place.read(generation)?,
        };
        let Some(manifest) = read else {
            return Ok(false);
        };
        if let Removal::InUse = taken {
            self.report.read.push(generation);
            let manifest = manifest.map_err(|flaw| refusal(self.place, generation, flaw))?;
            self.named.add(&manifest);
            return Ok(true);
        }
        match manifest {
            Ok(manifest) => {
                let files = manifest.entries.iter().map(|entry| entry.file);
                self.dropped.extend(files);
            }
            Err(flaw) => self.refuse_strange(generation, flaw)?,
        }
        if let Removal::Ours(file) = &taken {
            self.report.freed_bytes += self.bytes_of(file, &path)?;
            let removed = self.place.root().unlink(&name);
            removed.map_err(DatasetError::io(&path, "remove"))?;
        }
        self.report.removed_generations.push(generation);
        Ok(false)
    }

    /// Refuses the manifest of another dataset. A damaged one that is not kept may be passed over.
    fn refuse_strange(&self, generation: u64, flaw: ManifestFlaw) -> Result<(), DatasetError> {
        match flaw {
            ManifestFlaw::Dataset { .. } => Err(refusal(self.place, generation, flaw)),
            _ => Ok(()),
        }
    }

    /// How many bytes of the disk a file takes.
    fn bytes_of(&self, file: &R::File, path: &std::path::Path) -> Result<u64, DatasetError> {
        let bytes = match self.place.is_real() {
            true => disk_bytes(path),
            false => file.len(),
        };
        bytes.map_err(DatasetError::io(path, "inspect"))
    }

    fn sync_root(&self) -> Result<(), DatasetError> {
        if self.options.dry_run {
            return Ok(());
        }
        let synced = self.place.root().sync();
        synced.map_err(DatasetError::io(self.place.path(), "sync the folder"))
    }
}

/// Why no file is removed because of a manifest. Of two datasets, one names other files than it
/// should; one that is damaged may name any.
fn refusal<R: Dir>(place: &Place<R>, generation: u64, flaw: ManifestFlaw) -> DatasetError {
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
