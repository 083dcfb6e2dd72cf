//! Rows are changed: each shard that has any is written anew, and one generation puts the new
//! shards in the place of the old ones.
//!
//! `update`, `delete` and `upsert` are the verbs. Each is an [`Edit`] of blocks; `pass` streams the
//! shards through it, a `rewrite` is one of them on its way, and `publish` gives the new ones their
//! generation.

mod delete;
mod edit;
mod options;
mod pass;
mod publish;
mod rewrite;
#[cfg(test)]
mod tests;
mod update;
mod upsert;

use std::sync::Arc;

use ng_parallel::Workers;
use ng_store::disk::{Dir, Followed};

use edit::{Edit, Tally};
use options::now_s;
pub use options::{ChangeOptions, ChangeReport};
use pass::Pass;
use publish::{Exchange, Publication, Replaced};
use rewrite::Rewrite;

use crate::shard::Unpublished;
use crate::snapshot::Snapshot;
use crate::{Dataset, Verb};

impl<R: Dir> Dataset<R>
where
    R::File: Followed + 'static,
{
    /// Edits the rows of the newest generation, and publishes the next one if any changed.
    fn change<E: Edit>(
        &self,
        verb: Verb,
        workers: &Workers,
        options: &ChangeOptions,
        edit: E,
    ) -> Result<ChangeReport, E::Error> {
        let place = self.place();
        let shards = match options.dry_run {
            true => None,
            false => Some(Unpublished::begin(place)?),
        };
        let newest = place.newest()?;
        options.check_base(place, &newest)?;
        let snapshot = Snapshot::whole(Arc::clone(place), newest, !options.dry_run)?;
        let mut pass = Pass::new(&snapshot, options, (workers.stop_flag(), shards), edit);
        pass.over_all()?;
        let (shards, exchange, mut report) = pass.finish()?;
        if let Some(shards) = shards.filter(|_| !exchange.is_empty()) {
            let publication = Publication::new(&snapshot, options, verb);
            report.generation = publication.publish(shards, &exchange, &mut report)?;
        }
        Ok(report)
    }
}
