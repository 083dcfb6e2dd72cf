use ng_store::disk::Dir;

use super::{ChangeOptions, ChangeReport, Made};
use crate::error::Conflict;
use crate::manifest::Taken;
use crate::place::Place;
use crate::snapshot::Snapshot;
use crate::{DatasetError, Manifest, Verb};

/// What the new shards are published on.
pub(super) struct Publication<'p, R: Dir> {
    place: &'p Place<R>,
    base: &'p Manifest,
    options: &'p ChangeOptions,
    verb: Verb,
}

impl<'p, R: Dir> Publication<'p, R> {
    pub(super) fn new(
        place: &'p Place<R>,
        snapshot: &'p Snapshot<R>,
        options: &'p ChangeOptions,
        verb: Verb,
    ) -> Self {
        Self {
            place,
            base: snapshot.manifest(),
            options,
            verb,
        }
    }

    /// Puts the new shards in the place of the old ones, in one generation, and returns its number.
    /// `None` if retention took all of the old ones meanwhile.
    pub(super) fn publish(
        &self,
        made: Made<'_, R>,
        report: &mut ChangeReport,
    ) -> Result<Option<u64>, DatasetError> {
        let mut retired = Vec::new();
        let published = self.place.change(self.verb, |newest, next| {
            self.options.check_base(self.place, newest)?;
            retired = self.replace(&made, newest, next)?;
            next.tags.extend(self.options.tags.clone());
            Ok(made.added.is_some() || retired.len() < made.replaced.len())
        });
        report.shards_retired = retired.len() as u64;
        match published {
            Ok(published) => {
                made.keep_all_but(|taken| retired.contains(taken));
                Ok(published.map(|published| published.generation))
            }
            Err(error) => {
                if self.may_be_named(&made, &error) {
                    made.keep_all_but(|_| false);
                }
                Err(error)
            }
        }
    }

    /// Tells whether a generation may name the new shards after all: an error can come after its
    /// cause was overcome.
    fn may_be_named(&self, made: &Made<'_, R>, error: &DatasetError) -> bool {
        match error {
            DatasetError::Conflict { .. } => false,
            DatasetError::OutcomeUnknown { .. } => true,
            _ => match self.place.newest() {
                Ok(newest) => made.files().any(|file| newest.names(file)),
                Err(_) => true,
            },
        }
    }

    /// Exchanges the rows in the next generation; returns those that retention took.
    fn replace(
        &self,
        made: &Made<'_, R>,
        newest: &Manifest,
        next: &mut Manifest,
    ) -> Result<Vec<Taken>, DatasetError> {
        let mut retired = Vec::new();
        for replaced in &made.replaced {
            let taken = &replaced.taken;
            let with = replaced.with.iter().map(|shard| shard.entry.clone());
            match next.replace(std::slice::from_ref(taken), with.collect()) {
                Ok(()) => {}
                Err(_) if self.is_retired(taken, newest) => retired.push(taken.clone()),
                Err(what) => return Err(self.place.conflict(newest.generation, what)),
            }
        }
        if made.added.is_some() {
            self.check_still_missing(newest)?;
        }
        let added = made.added.iter().map(|shard| shard.entry.clone());
        added.for_each(|entry| next.add(entry));
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
