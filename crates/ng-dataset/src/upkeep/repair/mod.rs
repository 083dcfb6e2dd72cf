//! What is damaged, replaced.
//!
//! Nothing changes in place: a damaged file is repaired into a new one (`shard.rs`), and the next
//! generation names that instead. Above damaged manifests the next generation gets a number above
//! theirs. Files that only a damaged manifest named are orphans (`orphans.rs`).

mod options;
mod orphans;
mod publish;
mod report;
mod shard;

use std::collections::BTreeMap;
use std::iter;

use ng_parallel::Workers;
use ng_query::sealed::FileId;
use ng_store::disk::Dir;

pub use options::RepairOptions;
pub use report::{LeftShard, Orphan, OrphanState, RepairReport, RepairedShard};

use self::shard::{Of, Remedy};
use super::found::Found;
use super::named::{BATCH, Named};
use super::verify::{DatasetReport, VerifyProgress, verify};
use crate::manifest::{Entry, Sealed};
use crate::place::Place;
use crate::{Dataset, DatasetError, Manifest};

impl<R: Dir> Dataset<R> {
    /// Verifies the newest generation that can be read, and replaces what is damaged: bad blocks
    /// become zero tokens, or are left out. If something was replaced, or if there is a damaged
    /// manifest above, a generation is published, with a number above that.
    ///
    /// No file is changed or removed. What an older generation names stays as damaged as it is, and
    /// so does the tail of a living writer. Damaged manifests stay until they are no longer kept.
    ///
    /// # Errors
    ///
    /// [`DatasetError`]; then nothing is published, unless there are many orphans to recover: what
    /// was published with the first of them stands. A shard that cannot be repaired is no error.
    pub fn repair(
        &self,
        workers: &Workers,
        options: &RepairOptions,
        watch: impl Fn(VerifyProgress) + Sync,
    ) -> Result<RepairReport, DatasetError> {
        let place = self.place();
        let (pinned, damaged) = place.newest_over_damage()?;
        let verified = verify(place, workers, &pinned, watch)?;
        let mut repair = Repair::new(place, options, verified);
        repair.remedy_all(&pinned)?;
        repair.publish_all()?;
        if options.closes_tails() && !options.is_dry_run() {
            repair.report.closed_tails = self.close_tails()?;
        }
        repair.report.has_damaged_manifest = damaged.is_some();
        Ok(repair.report)
    }
}

/// A repair at work.
struct Repair<'a, R: Dir> {
    place: &'a Place<R>,
    options: &'a RepairOptions,
    report: RepairReport,
    /// What the entries of a file become.
    remedies: BTreeMap<FileId, Remedy<R>>,
    /// What every generation names that is there, since orphans are looked at.
    named: Named,
    recovered: Vec<(Found<R>, Sealed)>,
}

impl<'a, R: Dir> Repair<'a, R> {
    fn new(place: &'a Place<R>, options: &'a RepairOptions, verified: DatasetReport) -> Self {
        Self {
            place,
            options,
            report: RepairReport::of(verified),
            remedies: BTreeMap::new(),
            named: Named::default(),
            recovered: Vec::new(),
        }
    }

    /// Publishes the remedies with the first orphans, and then the others: a few at a time, for the
    /// locks of their files are held until they are named. The lock of changes would not do for all
    /// of them: it keeps no collector from a file that was named once.
    fn publish_all(&mut self) -> Result<(), DatasetError> {
        let orphans = self.report.verified.unnamed.clone();
        let (first, rest) = orphans.split_at(orphans.len().min(BATCH));
        for files in iter::once(first).chain(rest.chunks(BATCH)) {
            self.look_at_orphans(files)?;
            self.publish()?;
        }
        Ok(())
    }

    /// Finds a remedy for each damaged file.
    fn remedy_all(&mut self, newest: &Manifest) -> Result<(), DatasetError> {
        for number in 0..self.report.verified.damaged.len() {
            let damaged = &self.report.verified.damaged[number];
            let file = damaged.file;
            let of = Of {
                place: self.place,
                options: self.options,
                generation: newest.generation,
                file,
                is_open: newest.entries_of(file).any(Entry::is_open),
            };
            match of.remedy(&damaged.problems) {
                Ok(None) => {}
                Ok(Some(remedy)) => {
                    self.note(newest, file, &remedy);
                    self.remedies.insert(file, remedy);
                }
                Err(error) => self.report.left.push(LeftShard { file, error }),
            }
        }
        Ok(())
    }

    fn note(&mut self, newest: &Manifest, file: FileId, remedy: &Remedy<R>) {
        match remedy {
            Remedy::New(new) => self.report.repaired.push(RepairedShard {
                file,
                new: new.file(),
                report: new.report().cloned(),
                missing_rows: new.missing_rows(newest.entries_of(file)),
            }),
            Remedy::Correct(correction) => {
                if correction.zone.is_some() {
                    self.report.rezoned.push(file);
                }
                if correction.is_claim() {
                    self.report.corrected.push(file);
                }
            }
            Remedy::Drop => self.report.dropped.push(file),
        }
    }
}
