use ng_query::sealed::FileId;
use ng_store::disk::Dir;
use ng_store::file::{Draft, Identity, Stamp, Writer};
use ng_store::{CachePolicy, CreateOptions};

use crate::DatasetError;
use crate::place::{Place, shard_name};

/// A file that is appended to. Its lock tells others that it has a writer.
pub(super) struct Tail<R: Dir> {
    pub(super) file: FileId,
    pub(super) writer: Box<Writer<R::File>>,
}

impl<R: Dir> Tail<R> {
    /// Creates an empty file, durable.
    pub(super) fn create(place: &Place<R>, cache: CachePolicy) -> Result<Self, DatasetError> {
        let identity = Identity::fresh();
        let file = FileId(identity.file_id);
        let (name, path) = (shard_name(file), place.shard_path(file));
        let options = CreateOptions::new().cache(cache);
        let draft = Draft::begin(place.shards()?, &name, &path, &options, identity)?;
        let writer = Box::new(draft.publish()?);
        Ok(Self { file, writer })
    }

    /// Removes the file if no generation names it, after the one that was to do so has failed.
    /// While the lock is held nobody ends a tail, so the newest generation tells.
    pub(super) fn remove_if_unnamed(&self, place: &Place<R>) {
        let is_unnamed = place.newest().is_ok_and(|newest| !newest.names(self.file));
        if is_unnamed && let Ok(shards) = place.shards() {
            // Otherwise the collector finds it.
            let _ = shards.unlink(&shard_name(self.file));
        }
    }

    /// Commits all of it, frees the rest of its space, and returns the number of its rows.
    pub(super) fn finish(&mut self) -> Result<u64, DatasetError> {
        self.writer.shrink_to_fit()?;
        self.writer.commit(Stamp::now(0))?;
        Ok(self.writer.committed_tokens())
    }
}

/// An empty file made ahead, which no generation names. It is removed if it is not needed.
pub(super) struct Spare<R: Dir> {
    tail: Option<Tail<R>>,
    shards: R,
}

impl<R: Dir> Spare<R> {
    pub(super) fn create(place: &Place<R>, cache: CachePolicy) -> Result<Self, DatasetError> {
        Ok(Self {
            tail: Some(Tail::create(place, cache)?),
            shards: place.shards()?,
        })
    }

    pub(super) fn writer(&mut self) -> Option<&mut Writer<R::File>> {
        self.tail.as_mut().map(|tail| &mut *tail.writer)
    }

    /// From now on a generation may name it.
    pub(super) fn into_tail(mut self) -> Option<Tail<R>> {
        self.tail.take()
    }
}

impl<R: Dir> Drop for Spare<R> {
    fn drop(&mut self) {
        if let Some(tail) = &self.tail
            && self.shards.is_ours()
        {
            // Otherwise the collector finds it.
            let _ = self.shards.unlink(&shard_name(tail.file));
        }
    }
}
