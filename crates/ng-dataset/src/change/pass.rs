use ng_parallel::{ParallelError, StopFlag};
use ng_store::BlockReader;
use ng_store::disk::{Dir, Followed};
use ng_token::Token;

use super::{ChangeOptions, ChangeReport, Edit, Exchange, Replaced, Rewrite};
use crate::DatasetError;
use crate::manifest::Taken;
use crate::shard::{NewShard, ShardOptions, Unpublished};
use crate::snapshot::{Shard, Snapshot};

/// One pass of an edit over a snapshot: one thread reads and verifies ahead, the calling one edits
/// and writes.
pub(super) struct Pass<'p, R: Dir, E> {
    snapshot: &'p Snapshot<R>,
    options: &'p ChangeOptions,
    stop: StopFlag,
    edit: E,
    /// The new shards; `None` in a dry run.
    shards: Option<Unpublished<'p, R>>,
    exchange: Exchange,
    report: ChangeReport,
    /// The block that is edited.
    tokens: Vec<Token>,
}

/// The new shards, unless it was a dry run, where they are to stand, and what was counted.
type Ended<'p, R> = (Option<Unpublished<'p, R>>, Exchange, ChangeReport);

impl<'p, R: Dir, E: Edit> Pass<'p, R, E>
where
    R::File: Followed + 'static,
{
    pub(super) fn new(
        snapshot: &'p Snapshot<R>,
        options: &'p ChangeOptions,
        (stop, shards): (StopFlag, Option<Unpublished<'p, R>>),
        edit: E,
    ) -> Self {
        Self {
            snapshot,
            options,
            stop,
            edit,
            shards,
            exchange: Exchange::default(),
            report: ChangeReport::default(),
            tokens: Vec::new(),
        }
    }

    pub(super) fn over_all(&mut self) -> Result<(), E::Error> {
        for (number, shard) in self.snapshot.shards().iter().enumerate() {
            self.check_stop(number)?;
            let matcher = self.edit.matcher();
            match matcher.can_match(shard.zone(), shard.positions()) {
                true => self.over(number, shard)?,
                false => self.report.shards_pruned += 1,
            }
        }
        Ok(())
    }

    /// Adds the rows that are to come at the end, and returns what was made.
    pub(super) fn finish(mut self) -> Result<Ended<'p, R>, DatasetError> {
        let added = self.edit.added();
        self.report.added = added.len() as u64;
        self.report.bytes_written += bytes_of(self.report.added);
        if !added.is_empty() {
            self.add(&added)?;
        }
        Ok((self.shards, self.exchange, self.report))
    }

    fn over(&mut self, number: usize, shard: &Shard<R::File>) -> Result<(), E::Error> {
        let reader = self.snapshot.open_shard(number)?;
        let reader = reader.with_cache(self.options.cache);
        let taken = Taken {
            file: shard.file(),
            rows: shard.rows(),
            sealed: shard.sealed().cloned(),
        };
        let options = (!self.options.dry_run).then(|| self.options_of(shard, &reader));
        let mut rewrite = Rewrite::new(self.snapshot.place(), &reader, taken, options);
        let mut position = shard.positions().start;
        for block in reader.blocks_of(shard.rows()) {
            self.check_stop(number)?;
            let block = block.map_err(DatasetError::from)?;
            self.tokens.clear();
            self.tokens.extend_from_slice(&block);
            let tally = self.edit.edit(&mut self.tokens, position)?;
            self.report.matched += tally.matched;
            self.report.changed += tally.changed;
            self.report.deleted += tally.deleted;
            let rows = block.len() as u64;
            rewrite.take(rows, &self.tokens, tally.is_change())?;
            position += rows;
        }
        Ok(self.end(shard, rewrite)?)
    }

    /// Counts what became of a shard, and keeps the new one.
    fn end(&mut self, shard: &Shard<R::File>, rewrite: Rewrite<'_, R>) -> Result<(), DatasetError> {
        let rewritten = rewrite.finish()?;
        let report = &mut self.report;
        report.bytes_read += bytes_of(shard.len() + rewritten.again);
        let Some(left) = rewritten.left else {
            return Ok(());
        };
        match left {
            0 => report.shards_dropped += 1,
            _ => report.shards_rewritten += 1,
        }
        report.files.push(shard.file());
        report.bytes_written += bytes_of(left);
        if let Some(shards) = &mut self.shards {
            self.exchange.replaced.push(Replaced {
                taken: rewritten.taken,
                with: rewritten.new.map(|new| shards.push(new)),
            });
        }
        Ok(())
    }

    fn add(&mut self, tokens: &[Token]) -> Result<(), DatasetError> {
        let Some(shards) = &mut self.shards else {
            return Ok(());
        };
        let options = ShardOptions {
            reserve: tokens.len() as u64,
            cache: self.options.cache,
            ..ShardOptions::default()
        };
        let place = shards.place();
        let mut new = NewShard::begin(place, options)?;
        new.append(tokens)?;
        self.exchange.added = Some(shards.push(new.finish(place)?));
        Ok(())
    }

    /// What a new shard takes over from the one that it replaces.
    fn options_of(&self, shard: &Shard<R::File>, reader: &BlockReader<R::File>) -> ShardOptions {
        let sealed = shard.sealed();
        let order = sealed.and_then(|sealed| sealed.order.clone());
        ShardOptions {
            reserve: if E::KEEPS_COUNT { shard.len() } else { 0 },
            cache: self.options.cache,
            committed_ns: Some(match sealed {
                Some(sealed) => sealed.committed_ns,
                None => reader.info().committed_at_ns,
            }),
            order: order.filter(|order| self.edit.keeps_order(order)),
        }
    }

    fn check_stop(&self, shards_done: usize) -> Result<(), DatasetError> {
        match self.stop.is_stopped() {
            true => Err(DatasetError::Parallel(ParallelError::Stopped {
                shards_done,
                shards: self.snapshot.shards().len(),
            })),
            false => Ok(()),
        }
    }
}

const fn bytes_of(tokens: u64) -> u64 {
    tokens * Token::SIZE as u64
}
