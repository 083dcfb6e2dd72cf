use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use ng_parallel::{Workers, ingest_batches};
use ng_query::order::Order;
use ng_store::CachePolicy;
use ng_store::disk::Dir;
use ng_token::Token;

use super::plan::{Exchange, Piece, Segment, kept_of};
use super::{ReshapeReport, check_room};
use crate::error::Conflict;
use crate::manifest::{Entry, Taken};
use crate::shard::{Finished, NewShard, ShardOptions, ShardSink, Unpublished};
use crate::snapshot::Snapshot;
use crate::{Dataset, DatasetError, Manifest, Verb};

/// Where the pieces of an exchange stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stand {
    /// Where the first of what is taken was.
    InPlace,
    /// In front of all other entries.
    InFront,
}

/// Rows that are copied into new shards.
struct Rewrite<'a, R: Dir> {
    snapshot: &'a Snapshot<R>,
    workers: &'a Workers,
    progress: Progress<'a>,
}

struct Progress<'a> {
    watch: &'a (dyn Fn(u64, u64) + Sync),
    done: AtomicU64,
    total: u64,
}

impl Progress<'_> {
    fn add(&self, tokens: u64) {
        let before = self.done.fetch_add(tokens, Ordering::Relaxed);
        (self.watch)(before + tokens, self.total);
    }
}

impl<R: Dir> Dataset<R> {
    /// Plans on the newest generation, writes the new shards, and publishes them as one.
    pub(super) fn rewrite(
        &self,
        (verb, stand): (Verb, Stand),
        workers: &Workers,
        plan: impl FnOnce(&Snapshot<R>) -> Result<Vec<Exchange>, DatasetError>,
        watch: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<ReshapeReport, DatasetError> {
        let place = self.place();
        let mut shards = Unpublished::begin(place)?;
        let snapshot = Snapshot::of(place.clone(), place.newest()?, Vec::new())?;
        let entries = &snapshot.manifest().entries;
        let mut exchanges = plan(&snapshot)?;
        exchanges.retain(|exchange| !exchange.is_nothing());
        if exchanges.is_empty() {
            return Ok(ReshapeReport::nothing(&snapshot));
        }
        let new = || exchanges.iter().flat_map(Exchange::new_shards);
        let rewrite = Rewrite {
            snapshot: &snapshot,
            workers,
            progress: Progress {
                watch,
                done: AtomicU64::new(0),
                total: new().flatten().map(Segment::len).sum(),
            },
        };
        check_room(&shards, rewrite.progress.total)?;
        for segments in new() {
            shards.push(rewrite.shard(segments)?);
        }
        let report = ReshapeReport::of_new(shards.entries());
        let replaced = replacements(entries, &exchanges, shards.entries().cloned());
        let published = shards.publish(verb, |next| {
            for (taken, pieces) in &replaced {
                let with = pieces.iter().map(|piece| piece.entry(next));
                let with = with.collect::<Result<_, _>>()?;
                match stand {
                    Stand::InPlace => next.replace(taken, with)?,
                    Stand::InFront => next.replace_in_front(taken, with)?,
                }
            }
            Ok(())
        })?;
        Ok(report.published(&snapshot, &published))
    }
}

/// What stands in the place of what is taken, when it is published.
enum Standing {
    /// Rows that stay, as they are named by then: what was said of them may have been corrected.
    Kept(Taken),
    New(Entry),
}

impl Standing {
    fn entry(&self, newest: &Manifest) -> Result<Entry, Conflict> {
        match self {
            Self::Kept(rows) => newest.entry_with(rows),
            Self::New(entry) => Ok(entry.clone()),
        }
    }
}

/// What each exchange takes, and what stands in its place; `new` are the new shards of all.
fn replacements(
    entries: &[Entry],
    exchanges: &[Exchange],
    mut new: impl Iterator<Item = Entry>,
) -> Vec<(Vec<Taken>, Vec<Standing>)> {
    let mut standing = |piece: &Piece| match piece {
        Piece::Kept(entry) => kept_of(&entries[*entry]).map(Standing::Kept),
        Piece::New(_) => new.next().map(Standing::New),
    };
    let mut replaced = Vec::with_capacity(exchanges.len());
    for exchange in exchanges {
        let pieces = exchange.pieces.iter().filter_map(&mut standing).collect();
        replaced.push((exchange.taken(entries), pieces));
    }
    replaced
}

impl<R: Dir> Rewrite<'_, R> {
    /// Writes a new shard.
    fn shard(&self, segments: &[Segment]) -> Result<Finished<R>, DatasetError> {
        let options = ShardOptions {
            reserve: segments.iter().map(Segment::len).sum(),
            cache: CachePolicy::Auto,
            committed_ns: newest(segments.iter().map(|segment| self.entry(segment))),
            order: self.order(segments)?,
        };
        let place = self.snapshot.place();
        let mut shard = NewShard::begin(place, options)?;
        let mut sink = ShardSink::new(&mut shard);
        for segment in segments {
            self.copy(segment, &mut sink)?;
        }
        shard.finish(place)
    }

    fn entry(&self, segment: &Segment) -> &Entry {
        &self.snapshot.manifest().entries[segment.entry]
    }

    fn copy(&self, segment: &Segment, sink: &mut ShardSink<'_, R>) -> Result<(), DatasetError> {
        let reader = self.snapshot.open_shard(segment.entry)?;
        reader.check_table()?;
        let pass = reader.pass_over(segment.rows.clone());
        let (first, progress) = (segment.rows.start, &self.progress);
        let read = |range: Range<usize>, batch: &mut Vec<Token>| {
            let rows = first + range.start as u64..first + range.end as u64;
            pass.for_each(rows, |tokens| {
                batch.extend_from_slice(tokens);
                Ok::<_, DatasetError>(())
            })?;
            progress.add(range.len() as u64);
            Ok::<_, DatasetError>(())
        };
        let count = usize::try_from(segment.len()).unwrap_or(usize::MAX);
        Ok(ingest_batches(self.workers, sink, count, read)?)
    }

    /// Returns what all segments together are sorted by, if each is, and each goes on where the one
    /// before it ends.
    fn order(&self, segments: &[Segment]) -> Result<Option<String>, DatasetError> {
        let order_of = |segment| self.entry(segment).sealed.as_ref()?.order.as_deref();
        let [first, rest @ ..] = segments else {
            return Ok(None);
        };
        let Some(name) = order_of(first) else {
            return Ok(None);
        };
        let Ok(order) = name.parse::<Order>() else {
            return Ok(None);
        };
        if rest.iter().any(|segment| order_of(segment) != Some(name)) {
            return Ok(None);
        }
        for pair in segments.windows(2) {
            let last = self.key(&order, &pair[0], pair[0].rows.end - 1)?;
            let next = self.key(&order, &pair[1], pair[1].rows.start)?;
            if last > next {
                return Ok(None);
            }
        }
        Ok(Some(name.to_owned()))
    }

    /// The key of a row.
    fn key(&self, order: &Order, segment: &Segment, row: u64) -> Result<Option<u64>, DatasetError> {
        let reader = self.snapshot.open_shard(segment.entry)?;
        let token = reader.get(row)?;
        Ok(token.map(|token| order.key(&token)))
    }
}

/// When the newest of some entries was committed.
pub(super) fn newest<'e>(entries: impl Iterator<Item = &'e Entry>) -> Option<u64> {
    let committed = |entry: &Entry| Some(entry.sealed.as_ref()?.committed_ns);
    entries.filter_map(committed).max()
}
