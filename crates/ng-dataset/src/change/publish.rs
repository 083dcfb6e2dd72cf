use ng_store::disk::Dir;

use super::{ChangeOptions, ChangeReport};
use crate::error::Conflict;
use crate::manifest::{Entry, Taken};
use crate::place::Place;
use crate::shard::Unpublished;
use crate::snapshot::Snapshot;
use crate::{DatasetError, Manifest, Verb};

/// Rows, and the new shard in their place if any are left.
pub(super) struct Replaced {
    pub(super) taken: Taken,
    pub(super) with: Option<Entry>,
}

/// What goes, and what comes.
#[derive(Default)]
pub(super) struct Exchange {
    pub(super) replaced: Vec<Replaced>,
    pub(super) added: Option<Entry>,
}

impl Exchange {
    pub(super) fn is_empty(&self) -> bool {
        self.replaced.is_empty() && self.added.is_none()
    }
}

/// What the new shards are published on.
pub(super) struct Publication<'p, R: Dir> {
    place: &'p Place<R>,
    base: &'p Manifest,
    options: &'p ChangeOptions,
    verb: Verb,
}

impl<'p, R: Dir> Publication<'p, R> {
    pub(super) fn new(snapshot: &'p Snapshot<R>, options: &'p ChangeOptions, verb: Verb) -> Self {
        Self {
            place: snapshot.place(),
            base: snapshot.manifest(),
            options,
            verb,
        }
    }

    /// Puts the new shards in the place of the old ones, in one generation, and returns its number.
    /// `None` if retention took all of the old ones meanwhile.
    pub(super) fn publish(
        &self,
        shards: Unpublished<'_, R>,
        exchange: &Exchange,
        report: &mut ChangeReport,
    ) -> Result<Option<u64>, DatasetError> {
        let mut retired = 0;
        let published = shards.publish_if(self.verb, |newest, next| {
            self.options.check_base(self.place, newest)?;
            retired = self.replace(exchange, newest, next)?;
            next.tags.extend(self.options.tags.clone());
            Ok(exchange.added.is_some() || retired < exchange.replaced.len())
        })?;
        report.shards_retired = retired as u64;
        Ok(published.map(|published| published.generation))
    }

    /// Exchanges the rows in the next generation; returns how many shards retention took.
    fn replace(
        &self,
        exchange: &Exchange,
        newest: &Manifest,
        next: &mut Manifest,
    ) -> Result<usize, DatasetError> {
        let mut retired = 0;
        for Replaced { taken, with } in &exchange.replaced {
            let with = with.iter().cloned().collect();
            match next.replace(std::slice::from_ref(taken), with) {
                Ok(()) => {}
                Err(_) if self.is_retired(taken, newest) => retired += 1,
                Err(what) => return Err(self.place.conflict(newest.generation, what)),
            }
        }
        if let Some(added) = &exchange.added {
            self.check_still_missing(newest)?;
            next.add(added.clone());
        }
        Ok(retired)
    }

    /// Refuses to add rows that another change may have added, too.
    fn check_still_missing(&self, newest: &Manifest) -> Result<(), DatasetError> {
        let generation = self.base.generation;
        match newest.rewritten <= generation {
            true => Ok(()),
            false => {
                let what = Conflict::NotNewest { generation };
                Err(self.place.conflict(newest.generation, what))
            }
        }
    }

    /// Tells whether rows went by retention: nothing else was done but appending.
    fn is_retired(&self, taken: &Taken, newest: &Manifest) -> bool {
        newest.rewritten <= self.base.generation && !newest.names_any(taken)
    }
}
