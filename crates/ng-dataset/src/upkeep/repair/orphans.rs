//! Shards that no generation names.

use ng_query::sealed::FileId;
use ng_store::VerifyBlocks;
use ng_store::disk::Dir;

use super::{Orphan, OrphanState, Repair};
use crate::DatasetError;
use crate::upkeep::found::Found;

impl<R: Dir> Repair<'_, R> {
    pub(super) fn look_for_orphans(&mut self) -> Result<(), DatasetError> {
        let orphans = self.report.verified.unnamed.clone();
        let is_changing = !orphans.is_empty() && self.place.is_changing()?;
        for file in orphans {
            let state = match is_changing {
                true => OrphanState::Locked,
                false => self.look_at(file).unwrap_or_else(OrphanState::Damaged),
            };
            self.report.orphans.push(Orphan { file, state });
        }
        Ok(())
    }

    fn look_at(&mut self, file: FileId) -> Result<OrphanState, DatasetError> {
        let Some(found) = Found::of(self.place, file)? else {
            return Ok(OrphanState::Locked);
        };
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
