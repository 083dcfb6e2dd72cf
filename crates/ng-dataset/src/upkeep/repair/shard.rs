//! What becomes of a damaged file.

use std::ops::Range;

use ng_query::Zone;
use ng_query::sealed::FileId;
use ng_store::disk::Dir;
use ng_store::file::{Damaged, Identity, Writer};
use ng_store::{OpenError, RepairReport};

use super::RepairOptions;
use crate::DatasetError;
use crate::manifest::{Entry, Sealed};
use crate::place::{Place, Removal, SHARDS, shard_name};
use crate::shard::{index, sealed};
use crate::upkeep::verify::ShardProblem;

/// What becomes of the entries of a damaged file.
pub(super) enum Remedy<R: Dir> {
    /// They name another file.
    New(Box<New<R>>),
    /// They say what is so.
    Correct(Correction),
    /// They go.
    Drop,
}

/// What entries said of a sound file that is not so.
#[derive(Default)]
pub(super) struct Correction {
    /// The zone, if another one holds.
    pub(super) zone: Option<Option<Zone>>,
    /// The length, if it is another.
    pub(super) bytes: Option<u64>,
    /// Whether it is in no order.
    pub(super) is_unsorted: bool,
}

/// The file that takes the place of a damaged one. In a dry run there is none.
pub(super) struct New<R: Dir> {
    made: Option<Made<R>>,
}

struct Made<R: Dir> {
    file: FileId,
    sealed: Sealed,
    report: RepairReport,
    /// Lost rows of the damaged file that are not in the new one.
    left_out: Vec<Range<u64>>,
    /// Keeps the new file from the collector until it is named.
    _writer: Writer<R::File>,
    /// Keeps the damaged one, if it is a tail, from being written.
    _tail: Option<R::File>,
}

/// A damaged file.
pub(super) struct Of<'a, R: Dir> {
    pub(super) place: &'a Place<R>,
    pub(super) options: &'a RepairOptions,
    pub(super) generation: u64,
    pub(super) file: FileId,
    pub(super) is_open: bool,
}

impl<R: Dir> Of<'_, R> {
    /// Finds what to do with it; `None` if only its index has to be built anew.
    pub(super) fn remedy(
        &self,
        problems: &[ShardProblem],
    ) -> Result<Option<Remedy<R>>, DatasetError> {
        let mut correction = Correction::default();
        for problem in problems {
            match problem {
                ShardProblem::Index(_) => {}
                ShardProblem::Zone { .. } => correction.zone = Some(None),
                ShardProblem::Length { found, .. } => correction.bytes = Some(*found),
                ShardProblem::Order { .. } => correction.is_unsorted = true,
                _ => return self.replace_or_drop().map(Some),
            }
        }
        if let Some(zone) = &mut correction.zone
            && !self.options.is_dry_run()
        {
            *zone = index(self.place, self.file)?;
        }
        Ok((!correction.is_none()).then_some(Remedy::Correct(correction)))
    }

    fn replace_or_drop(&self) -> Result<Remedy<R>, DatasetError> {
        match self.replace() {
            Ok(new) => Ok(Remedy::New(Box::new(new))),
            Err(error) if self.options.drops_missing() && is_hopeless(&error) => Ok(Remedy::Drop),
            Err(error) => Err(error),
        }
    }

    fn replace(&self) -> Result<New<R>, DatasetError> {
        let shards = self.place.shards()?;
        let tail = match self.is_open {
            true => Some(self.lock_tail(&shards)?),
            false => None,
        };
        let source = self.find_source(&shards)?;
        let made = match self.options.is_dry_run() {
            true => None,
            false => Some(self.make(shards, &source, tail)?),
        };
        Ok(New { made })
    }

    fn make(
        &self,
        shards: R,
        source: &Damaged<R::File>,
        tail: Option<R::File>,
    ) -> Result<Made<R>, DatasetError> {
        let identity = Identity::fresh();
        let file = FileId(identity.file_id);
        let (name, path) = (shard_name(file), self.place.shard_path(file));
        let options = ng_store::RepairOptions::new()
            .compact(self.options.leaves_out())
            .salvage(true);
        let (report, mut writer) = source.repair(shards, (&name, &path), &options, identity)?;
        writer.shrink_to_fit()?;
        let zone = index(self.place, file)?;
        let sealed = sealed(&writer, zone, ng_store::now_ns(), None)?;
        let left_out = match self.options.leaves_out() {
            true => report.lost.clone(),
            false => Vec::new(),
        };
        Ok(Made {
            file,
            sealed,
            report,
            left_out,
            _writer: writer,
            _tail: tail,
        })
    }

    fn lock_tail(&self, shards: &R) -> Result<R::File, DatasetError> {
        let path = self.place.shard_path(self.file);
        match Removal::of(shards, &shard_name(self.file), &path)? {
            Removal::Ours(held) => Ok(held),
            Removal::Gone => Err(self.missing()),
            Removal::InUse => Err(DatasetError::Open(OpenError::Locked { path, holder: None })),
        }
    }

    /// Opens the damaged file, by whatever name it has: names may have been exchanged.
    fn find_source(&self, shards: &R) -> Result<Damaged<R::File>, DatasetError> {
        let own = shard_name(self.file);
        let opened = self.open(shards, &own);
        if let Ok(damaged) = &opened
            && damaged.file_id() == self.file.0
        {
            return opened;
        }
        let folder = self.place.path().join(SHARDS);
        let names = shards.names().map_err(DatasetError::io(folder, "list"))?;
        for name in names.iter().filter(|name| **name != own) {
            match self.open(shards, name) {
                Ok(damaged) if damaged.file_id() == self.file.0 => return Ok(damaged),
                _ => {}
            }
        }
        match opened {
            Err(error @ DatasetError::Open(_)) => Err(error),
            _ => Err(self.missing()),
        }
    }

    fn open(&self, shards: &R, name: &str) -> Result<Damaged<R::File>, DatasetError> {
        let path = self.place.path().join(SHARDS).join(name);
        let disk = shards.open(name, false);
        let disk = disk.map_err(DatasetError::io(&path, "open"))?;
        Ok(Damaged::of_disk(disk, path, true)?)
    }

    fn missing(&self) -> DatasetError {
        DatasetError::ShardMissing {
            path: self.place.shard_path(self.file),
            generation: self.generation,
        }
    }
}

/// Tells whether nothing can be read of the file itself, now or ever.
fn is_hopeless(error: &DatasetError) -> bool {
    match error {
        DatasetError::ShardMissing { .. } => true,
        DatasetError::Open(error) => !matches!(error, OpenError::Io(_) | OpenError::Locked { .. }),
        _ => false,
    }
}

impl Correction {
    fn is_none(&self) -> bool {
        self.zone.is_none() && !self.is_claim()
    }

    /// Tells whether more than a zone is corrected.
    pub(super) fn is_claim(&self) -> bool {
        self.bytes.is_some() || self.is_unsorted
    }

    pub(super) fn apply(&self, sealed: &mut Sealed) {
        if let Some(zone) = self.zone {
            sealed.zone = zone;
        }
        if let Some(bytes) = self.bytes {
            sealed.bytes = bytes;
        }
        if self.is_unsorted {
            sealed.order = None;
        }
    }
}

impl<R: Dir> New<R> {
    pub(super) fn file(&self) -> Option<FileId> {
        self.made.as_ref().map(|made| made.file)
    }

    pub(super) fn report(&self) -> Option<&RepairReport> {
        self.made.as_ref().map(|made| &made.report)
    }

    /// How many rows of some entries are beyond the end of the damaged file.
    pub(super) fn missing_rows<'e>(&self, entries: impl Iterator<Item = &'e Entry>) -> u64 {
        let Some(made) = &self.made else { return 0 };
        let beyond = |entry: &Entry| {
            let to = entry.rows.to.unwrap_or(entry.rows.from);
            to.saturating_sub(made.report.tokens.max(entry.rows.from))
        };
        entries.map(beyond).sum()
    }

    /// What an entry of the damaged file becomes; `None` if it has no row left.
    pub(super) fn entry(&self, old: &Entry) -> Option<Entry> {
        let made = self.made.as_ref()?;
        let all = made.report.tokens;
        let ends = [old.rows.from, old.rows.to.unwrap_or(all)];
        let [from, to] = ends.map(|row| made.row(row.min(all)));
        let mut sealed = made.sealed.clone();
        if let Some(before) = &old.sealed {
            sealed.committed_ns = before.committed_ns;
            // Zero tokens are in no order.
            let is_in_order = made.report.lost == made.left_out;
            sealed.order = before.order.clone().filter(|_| is_in_order);
        }
        (from < to).then(|| Entry::sealed(made.file, from..to, sealed))
    }
}

impl<R: Dir> Made<R> {
    /// Where a row of the damaged file is in the new one, or where those after it begin.
    fn row(&self, row: u64) -> u64 {
        let before = |lost: &Range<u64>| lost.end.min(row).saturating_sub(lost.start);
        row - self.left_out.iter().map(before).sum::<u64>()
    }
}
