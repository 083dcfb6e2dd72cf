use std::mem;

use ng_query::sealed::FileId;
use ng_store::disk::Dir;

use super::Finished;
use super::new::remove;
use crate::error::Conflict;
use crate::manifest::{Entry, Manifest};
use crate::place::{Pinned, Place};
use crate::{DatasetError, Verb};

/// Shards that are durable and that no generation names yet. They are removed if they are dropped
/// before one does.
pub(crate) struct Unpublished<'p, R: Dir> {
    place: &'p Place<R>,
    /// The newest generation when the first of them was begun.
    base: u64,
    shards: Vec<Finished<R>>,
}

impl<'p, R: Dir> Unpublished<'p, R> {
    /// Holds none; they begin after the generation `base`.
    pub(crate) fn new(place: &'p Place<R>, base: u64) -> Self {
        Self {
            place,
            base,
            shards: Vec::new(),
        }
    }

    pub(crate) fn place(&self) -> &'p Place<R> {
        self.place
    }

    pub(crate) fn push(&mut self, shard: Finished<R>) {
        self.shards.push(shard);
    }

    /// Returns their entries, in the order in which they were pushed.
    pub(crate) fn entries(&self) -> impl ExactSizeIterator<Item = &Entry> {
        self.shards.iter().map(|shard| &shard.entry)
    }

    /// Publishes a generation that names them: `edit` puts them into it.
    ///
    /// If it is not known whether one names them, they stay.
    pub(crate) fn publish(
        mut self,
        verb: Verb,
        mut edit: impl FnMut(&mut Manifest) -> Result<(), Conflict>,
    ) -> Result<Pinned<R>, DatasetError> {
        let place = self.place;
        let published = place.change(verb, |newest, next| match edit(next) {
            Ok(()) => Ok(true),
            Err(conflict) => Err(place.conflict(newest.generation, conflict)),
        });
        match published {
            Ok(Some(pinned)) => {
                self.shards.clear();
                Ok(pinned)
            }
            Ok(None) => unreachable!("an edit always publishes"),
            Err(error) => {
                if !self.are_unnamed() {
                    self.shards.clear();
                }
                Err(error)
            }
        }
    }

    /// Tells whether it is sure that no generation names them.
    fn are_unnamed(&self) -> bool {
        let Ok(generations) = self.place.generations() else {
            return false;
        };
        let is_without = |generation| match self.place.pin(generation) {
            Ok(None) => true,
            Ok(Some(Ok(pinned))) => !self.entries().any(|entry| pinned.names(entry.file)),
            Ok(Some(Err(_))) | Err(_) => false,
        };
        let mut newer = generations.into_iter().filter(|&number| number > self.base);
        newer.all(is_without)
    }
}

impl<R: Dir> Drop for Unpublished<'_, R> {
    fn drop(&mut self) {
        let files: Vec<FileId> = self.entries().map(|entry| entry.file).collect();
        // First they are closed: a folder must be opened to remove them.
        drop(mem::take(&mut self.shards));
        for file in files {
            remove(self.place, file);
        }
    }
}
