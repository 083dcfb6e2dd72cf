use std::fmt;
use std::sync::Arc;

use ng_parallel::Workers;
use ng_query::index::{BuildOptions, build};
use ng_query::order::{self, Order, SortProgress, sort_parts};
use ng_query::{Column, OpenPart, Parts, QueryError, Zone};
use ng_store::{BlockReader, CachePolicy};
use ng_token::{Axis, Space, Token};

use super::cutter::Cutter;
use super::plan::taken_of;
use super::rewrite::newest;
use super::{ReshapeReport, SortOptions, check_room};
use crate::manifest::Entry;
use crate::shard::{ShardOptions, Unpublished};
use crate::snapshot::Snapshot;
use crate::{Dataset, DatasetError, Verb};

impl Dataset {
    /// Puts all sealed rows in one order across shards; rows that are equal in it keep theirs. Each
    /// shard tells the order; if that is of a space, its index gets the columns and boxes of it.
    ///
    /// What does not fit in memory is partitioned by key into temporary files and sorted from these:
    /// two reads and two writes of the tokens. The files are in a folder in the dataset's,
    /// `.ng-sort-` and 16 hexadecimal digits, as long as the sort goes on; the next sort removes
    /// what a killed one left. The disk needs room for the tokens once more, or twice if there are
    /// temporary files.
    ///
    /// Open tails are not touched, nor are the rows that they have so far: they come behind. All new
    /// shards count as committed when the newest of the rows were.
    ///
    /// `watch` is called with the progress, on any thread.
    ///
    /// # Errors
    ///
    /// [`DatasetError`]: the newest generation stands, and nothing is left of the new shards and the
    /// temporary files. [`DatasetError::Sort`] if there is too little memory or room for temporary
    /// files, and those of [`compact`](Self::compact).
    pub fn sort(
        &self,
        workers: &Workers,
        options: &SortOptions,
        watch: impl Fn(SortProgress) + Sync,
    ) -> Result<ReshapeReport, DatasetError> {
        let place = self.place();
        let new = Unpublished::begin(place)?;
        let snapshot = Snapshot::of(place.clone(), place.newest()?, Vec::new())?;
        let rows = SealedRows::of(&snapshot);
        let total = snapshot.manifest().sealed_rows();
        if total == 0 {
            return Ok(ReshapeReport::nothing(&snapshot));
        }
        check_room(&new, total)?;
        let shard = ShardOptions {
            reserve: 0,
            cache: CachePolicy::Auto,
            committed_ns: newest(rows.entries()),
            order: Some(options.by.to_string()),
        };
        let mut cutter = Cutter::new(new, shard, (total, options.tokens_of_a_shard()));
        let mut how = order::SortOptions::new()
            .temp(place.path())
            .spare_bytes(total.saturating_mul(Token::SIZE as u64));
        if let Some(bytes) = options.memory_bytes {
            how = how.memory_bytes(bytes);
        }
        sort_parts(workers, &rows, &mut cutter, &options.by, &how, watch)?;
        let shards = cutter.finish()?;
        self.index_space(workers, &options.by, &shards)?;
        let report = ReshapeReport::of_new(shards.entries());
        let (sealed, with) = (
            rows.entries().filter_map(taken_of).collect::<Vec<_>>(),
            shards.entries().cloned().collect::<Vec<_>>(),
        );
        let published = shards.publish(Verb::Sort, |next| {
            next.replace_in_front(&sealed, with.clone())
        })?;
        Ok(report.published(&snapshot, &published))
    }

    /// Adds the columns and boxes of a space to the indexes of shards in the order of it.
    fn index_space(
        &self,
        workers: &Workers,
        order: &Order,
        shards: &Unpublished<'_, ng_store::disk::RealDir>,
    ) -> Result<(), DatasetError> {
        let Some(space) = order.space() else {
            return Ok(());
        };
        for entry in shards.entries() {
            let reader = BlockReader::open(self.place().shard_path(entry.file))?;
            build(workers, &reader, &of_space(space), |_, _| ())?;
        }
        Ok(())
    }
}

fn of_space(space: Space) -> BuildOptions {
    let axes = Axis::ALL.map(|axis| Column::Coordinate(space, axis));
    BuildOptions::new().columns(axes).boxes([space])
}

/// The sealed rows of a snapshot, a part for each entry.
struct SealedRows<'s> {
    snapshot: &'s Snapshot,
    /// The numbers of the entries.
    sealed: Vec<usize>,
}

impl<'s> SealedRows<'s> {
    fn of(snapshot: &'s Snapshot) -> Self {
        let entries = snapshot.manifest().entries.iter().enumerate();
        let sealed = entries.filter_map(|(number, entry)| (!entry.is_open()).then_some(number));
        Self {
            snapshot,
            sealed: sealed.collect(),
        }
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        let entries = &self.snapshot.manifest().entries;
        self.sealed.iter().map(|number| &entries[*number])
    }
}

impl fmt::Debug for SealedRows<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries()).finish()
    }
}

impl Parts for SealedRows<'_> {
    fn part_count(&self) -> usize {
        self.sealed.len()
    }

    fn part_tokens(&self, part: usize) -> u64 {
        self.snapshot.shards()[self.sealed[part]].len()
    }

    fn part_zone(&self, part: usize) -> Option<&Zone> {
        self.snapshot.shards()[self.sealed[part]].zone()
    }

    fn open_part(&self, part: usize) -> Result<Arc<OpenPart>, QueryError> {
        let shard = self.sealed[part];
        let opened = self.snapshot.open_shard(shard);
        let reader = opened.map_err(|error| QueryError::Part {
            part,
            source: Box::new(error),
        })?;
        let rows = self.snapshot.shards()[shard].rows();
        Ok(Arc::new(OpenPart::of_reader_rows(reader, rows)))
    }
}
