//! How a tail becomes a shard: it is committed, its zones are written, and the next generation
//! names it sealed.

use std::time::Duration;

use ng_query::sealed::FileId;
use ng_store::disk::Dir;

use super::Retention;
use super::retain::{next_age_ns, retain};
use super::tail::Tail;
use crate::error::Conflict;
use crate::manifest::{Entry, Manifest, Sealed};
use crate::place::{Pinned, Place};
use crate::upkeep::{CollectOptions, collect};
use crate::{DatasetError, Verb, shard};

/// What a writer needs to know of a generation it has published.
#[derive(Clone, Copy, Debug)]
pub(super) struct Published {
    pub(super) generation: u64,
    /// When a shard is too old next, in nanoseconds since 1970 UTC.
    pub(super) next_age_ns: u64,
}

impl Published {
    pub(super) fn of(manifest: &Manifest, kept: &[Retention]) -> Self {
        Self {
            generation: manifest.generation,
            next_age_ns: next_age_ns(manifest, kept, ng_store::now_ns()),
        }
    }
}

/// Names an empty tail open.
pub(super) fn open<R: Dir>(
    place: &Place<R>,
    file: FileId,
    kept: &[Retention],
) -> Result<Published, DatasetError> {
    publish(place, Verb::Append, kept, |_, next| {
        next.entries.push(Entry::open(file, 0));
        Ok(true)
    })
}

/// A generation that was published, and why files that it no longer names are still there.
pub(super) type Kept = (Published, Option<DatasetError>);

/// Seals a tail, and names the next one open in the same generation. An empty one goes.
pub(super) fn seal<R: Dir>(
    place: &Place<R>,
    tail: &mut Tail<R>,
    next_tail: Option<FileId>,
    kept: &[Retention],
) -> Result<Kept, DatasetError> {
    let file = tail.file;
    let rows = tail.finish()?;
    let sealed = match rows {
        0 => None,
        _ => Some(describe(place, tail)?),
    };
    let mut has_dropped = false;
    let published = publish(place, Verb::Append, kept, |newest, next| {
        end(place, newest, next, (file, rows), sealed.clone())?;
        if let Some(file) = next_tail {
            next.entries.push(Entry::open(file, 0));
        }
        has_dropped = drop_oldest(next, kept);
        Ok(true)
    })?;
    Ok((published, free(place, has_dropped).err()))
}

/// Drops the shards that are beyond the limits.
pub(super) fn retain_now<R: Dir>(
    place: &Place<R>,
    kept: &[Retention],
) -> Result<Kept, DatasetError> {
    let mut has_dropped = false;
    let published = publish(place, Verb::Retain, kept, |_, next| {
        has_dropped = drop_oldest(next, kept);
        Ok(has_dropped)
    })?;
    Ok((published, free(place, has_dropped).err()))
}

/// Drops the shards that are beyond the limits, and tells whether there were any. Then no older
/// generation is kept: the same one says so, and the collector needs none of its own.
fn drop_oldest(next: &mut Manifest, kept: &[Retention]) -> bool {
    let has_dropped = retain(next, kept, ng_store::now_ns());
    if has_dropped {
        next.oldest_kept = next.generation;
    }
    has_dropped
}

/// Removes the files of dropped shards that nobody on this machine reads.
fn free<R: Dir>(place: &Place<R>, has_dropped: bool) -> Result<(), DatasetError> {
    if has_dropped {
        collect(place, &CollectOptions::new().older(Duration::ZERO))?;
    }
    Ok(())
}

fn publish<R: Dir>(
    place: &Place<R>,
    verb: Verb,
    kept: &[Retention],
    edit: impl FnMut(&Pinned<R>, &mut Manifest) -> Result<bool, DatasetError>,
) -> Result<Published, DatasetError> {
    let newest = match place.change(verb, edit)? {
        Some(published) => published,
        None => place.newest()?,
    };
    Ok(Published::of(&newest, kept))
}

fn describe<R: Dir>(place: &Place<R>, tail: &Tail<R>) -> Result<Sealed, DatasetError> {
    let zone = shard::index(place, tail.file)?;
    let committed_ns = tail.writer.info().committed_at_ns;
    shard::sealed(&tail.writer, zone, committed_ns, None)
}

/// Ends an open entry. Its first rows may have been changed since it was begun; they are named
/// elsewhere then.
fn end<R: Dir>(
    place: &Place<R>,
    newest: &Manifest,
    next: &mut Manifest,
    (file, rows): (FileId, u64),
    sealed: Option<Sealed>,
) -> Result<(), DatasetError> {
    let is_it = |entry: &Entry| entry.file == file && entry.is_open();
    let Some(at) = next.entries.iter().position(is_it) else {
        return Err(place.conflict(newest.generation, Conflict::TailEnded { file }));
    };
    let from = next.entries[at].rows.from;
    if from > rows {
        return Err(DatasetError::ShardShort {
            path: place.shard_path(file),
            found: rows,
            expected: from,
        });
    }
    let stream = Some(next.count_appended(rows));
    match sealed {
        Some(sealed) if from < rows => {
            let sealed = Sealed {
                stream,
                // A clock that was set back must not make the newest shard the oldest.
                committed_ns: sealed.committed_ns.max(last_committed_ns(next)),
                ..sealed
            };
            next.entries[at] = Entry::sealed(file, from..rows, sealed);
        }
        _ => {
            next.entries.remove(at);
        }
    }
    Ok(())
}

/// When the newest of the sealed rows were committed.
fn last_committed_ns(manifest: &Manifest) -> u64 {
    let sealed = manifest.entries.iter().filter_map(|it| it.sealed.as_ref());
    sealed.map(|it| it.committed_ns).max().unwrap_or(0)
}
