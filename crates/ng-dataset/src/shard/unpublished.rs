use std::collections::HashSet;

use ng_query::sealed::FileId;
use ng_store::disk::Dir;

use super::Finished;
use super::new::remove;
use crate::error::Conflict;
use crate::manifest::{Entry, Manifest};
use crate::place::{Pinned, Place};
use crate::{DatasetError, Verb};

/// The shards of one change, which are durable and which no generation names yet. Those that none
/// has named when this is dropped are removed.
///
/// However many they are, one file is open for all: the lock of changes tells the collector that
/// they will be named.
pub(crate) struct Unpublished<'p, R: Dir> {
    place: &'p Place<R>,
    lock: R::File,
    /// The newest generation when it was begun.
    base: u64,
    shards: Vec<Entry>,
}

impl<'p, R: Dir> Unpublished<'p, R> {
    /// Begins a change, which one process has at a time. It holds no shard yet.
    pub(crate) fn begin(place: &'p Place<R>) -> Result<Self, DatasetError> {
        let lock = place.lock_changes()?;
        Ok(Self {
            place,
            lock,
            base: place.generations()?.last().copied().unwrap_or_default(),
            shards: Vec::new(),
        })
    }

    pub(crate) fn place(&self) -> &'p Place<R> {
        self.place
    }

    /// A file on the disk of the dataset.
    pub(crate) fn lock(&self) -> &R::File {
        &self.lock
    }

    /// Takes a shard, whose own lock ends, and returns its entry.
    pub(crate) fn push(&mut self, shard: Finished<R>) -> Entry {
        let entry = shard.entry;
        self.shards.push(entry.clone());
        entry
    }

    /// Returns their entries, in the order in which they were pushed.
    pub(crate) fn entries(&self) -> impl ExactSizeIterator<Item = &Entry> {
        self.shards.iter()
    }

    /// Publishes a generation that names them: `edit` puts them into it.
    ///
    /// If it is not known whether one names them, they stay.
    pub(crate) fn publish(
        self,
        verb: Verb,
        mut edit: impl FnMut(&mut Manifest) -> Result<(), Conflict>,
    ) -> Result<Pinned<R>, DatasetError> {
        let place = self.place;
        let published = self.publish_if(verb, |newest, next| match edit(next) {
            Ok(()) => Ok(true),
            Err(conflict) => Err(place.conflict(newest.generation, conflict)),
        })?;
        Ok(published.expect("an edit always publishes"))
    }

    /// Publishes a generation as [`Place::change`] does, if `edit` says so. Those that it does not
    /// name are removed.
    pub(crate) fn publish_if(
        mut self,
        verb: Verb,
        edit: impl FnMut(&Pinned<R>, &mut Manifest) -> Result<bool, DatasetError>,
    ) -> Result<Option<Pinned<R>>, DatasetError> {
        let published = self.place.change(verb, edit);
        match &published {
            Ok(Some(published)) => {
                let named = files_of(published);
                self.shards.retain(|entry| !named.contains(&entry.file));
            }
            Ok(None) => {}
            Err(_) if self.are_unnamed() => {}
            Err(_) => self.shards.clear(),
        }
        published
    }

    /// Tells whether it is sure that no generation names them: an error can come after its cause
    /// was overcome.
    fn are_unnamed(&self) -> bool {
        let Ok(generations) = self.place.generations() else {
            return false;
        };
        let is_without = |generation| match self.place.pin(generation) {
            Ok(Some(Ok(pinned))) => {
                let named = files_of(&pinned);
                !self.entries().any(|entry| named.contains(&entry.file))
            }
            // One that goes is followed by one that was not listed.
            Ok(None | Some(Err(_))) | Err(_) => false,
        };
        let mut newer = generations.into_iter().filter(|&number| number > self.base);
        newer.all(is_without)
    }
}

fn files_of(manifest: &Manifest) -> HashSet<FileId> {
    manifest.entries.iter().map(|entry| entry.file).collect()
}

impl<R: Dir> Drop for Unpublished<'_, R> {
    fn drop(&mut self) {
        for entry in &self.shards {
            remove(self.place, entry.file);
        }
    }
}
