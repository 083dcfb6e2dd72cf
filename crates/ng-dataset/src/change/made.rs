use std::mem;

use ng_query::sealed::FileId;
use ng_store::disk::Dir;

use crate::manifest::Taken;
use crate::place::Place;
use crate::shard::Finished;

/// Rows, and the new shard in their place if any are left.
pub(super) struct Replaced<R: Dir> {
    pub(super) taken: Taken,
    pub(super) with: Option<Finished<R>>,
}

/// New shards that no generation names yet. Dropped, they are removed.
pub(super) struct Made<'p, R: Dir> {
    place: &'p Place<R>,
    pub(super) replaced: Vec<Replaced<R>>,
    pub(super) added: Option<Finished<R>>,
}

impl<'p, R: Dir> Made<'p, R> {
    pub(super) fn new(place: &'p Place<R>) -> Self {
        Self {
            place,
            replaced: Vec::new(),
            added: None,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.replaced.is_empty() && self.added.is_none()
    }

    /// The files of the new shards.
    pub(super) fn files(&self) -> impl Iterator<Item = FileId> {
        let with = self
            .replaced
            .iter()
            .filter_map(|replaced| replaced.with.as_ref());
        with.chain(&self.added).map(|shard| shard.entry.file)
    }

    /// Keeps the files, but those of some of the replaced rows.
    pub(super) fn keep_all_but(mut self, is_gone: impl Fn(&Taken) -> bool) {
        self.added = None;
        self.replaced.retain(|replaced| is_gone(&replaced.taken));
    }
}

impl<R: Dir> Drop for Made<'_, R> {
    fn drop(&mut self) {
        let replaced = mem::take(&mut self.replaced);
        let with = replaced.into_iter().filter_map(|replaced| replaced.with);
        for shard in with.chain(self.added.take()) {
            shard.discard(self.place);
        }
    }
}
