//! Shards that no generation names.

use ng_query::sealed::FileId;
use ng_store::VerifyBlocks;
use ng_store::disk::Dir;

use super::{Orphan, OrphanState, Repair};
use crate::DatasetError;
use crate::place::Removal;
use crate::upkeep::found::Found;

impl<R: Dir> Repair<'_, R> {
    /// Looks at some of the files that no generation named before the shards were verified. Since
    /// then, which may be hours ago, they may have been named, and replaced by others, or removed.
    pub(super) fn look_at_orphans(&mut self, files: &[FileId]) -> Result<(), DatasetError> {
        let found: Vec<_> = files.iter().map(|&file| (file, self.find(file))).collect();
        // Whoever had one of the locks until now has published what names it. What only a damaged
        // manifest names is what is looked for.
        self.named.update(self.place, |_, _| Ok(()))?;
        for (file, found) in found {
            if self.named.has(file) {
                continue;
            }
            let state = match found {
                Ok(Removal::Gone) => continue,
                Ok(Removal::InUse) => OrphanState::Locked,
                Ok(Removal::Ours(found)) => {
                    self.look_at(found).unwrap_or_else(OrphanState::Damaged)
                }
                Err(error) => OrphanState::Damaged(error),
            };
            self.report.orphans.push(Orphan { file, state });
        }
        Ok(())
    }

    /// Locks a file, unless it may be of a change, whose shards have no locks of their own.
    fn find(&self, file: FileId) -> Result<Removal<Found<R>>, DatasetError> {
        match self.place.is_changing()? {
            true => Ok(Removal::InUse),
            false => Found::of(self.place, file),
        }
    }

    fn look_at(&mut self, found: Found<R>) -> Result<OrphanState, DatasetError> {
        check(&found)?;
        let rows = found.reader.len();
        if rows > 0 && self.options.recovers_orphans() && !self.options.is_dry_run() {
            let sealed = found.seal(self.place)?;
            self.recovered.push((found, sealed));
        }
        Ok(OrphanState::Sound { rows })
    }
}

/// Refuses a file that is damaged.
fn check<R: Dir>(found: &Found<R>) -> Result<(), DatasetError> {
    let reader = &found.reader;
    reader.refuse_lost()?;
    reader.check_table()?;
    if let Some(bad) = reader.verify()?.bad.first() {
        // With the error of who reads it.
        reader.read_block(bad.block, &mut Vec::new())?;
    }
    Ok(())
}
