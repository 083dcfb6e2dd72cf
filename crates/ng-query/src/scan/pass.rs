use std::ops::ControlFlow;
use std::time::Instant;

use ng_parallel::{ParallelError, Shards, Workers, map_shards, serial};
use ng_store::{BLOCK_TOKENS, ReadError};

use super::candidates::candidates;
use super::{Candidate, Opened, Stage, Stop};
use crate::boxes::Boxes;
use crate::index::Index;
use crate::kernels::Kernels;
use crate::pool::Pool;
use crate::select::Selector;
use crate::{QueryError, Source, Stats};

/// The number of blocks in the first wave: few, so that an answer in them comes soon.
const FIRST_WAVE: usize = 8;
/// The most blocks of a wave; a result is kept for every eight of them.
pub(crate) const LONGEST_WAVE: usize = 4096;
/// For fewer blocks than this, waking a thread does not pay.
const ALONE: usize = 8;

/// A pass over the tokens that a filter selects.
pub(crate) struct Scan<'q> {
    pub(crate) source: Source<'q>,
    pub(crate) index: Option<&'q Index>,
    pub(crate) boxes: Option<&'q dyn Boxes>,
    pub(crate) selector: Selector,
    pub(crate) workers: Workers,
    pub(crate) stop: Stop,
    pub(crate) kernels: Kernels,
    pub(crate) skips_damaged: bool,
    /// The most blocks of a wave.
    pub(crate) wave: usize,
    pub(crate) started: Instant,
}

/// One run of a scan: what its workers share.
struct Run<'r, 'q> {
    scan: &'r Scan<'q>,
    opened: Opened<'q>,
}

impl<'q> Scan<'q> {
    /// The blocks that may have an answer.
    pub(crate) fn candidates(&self) -> Vec<Candidate> {
        candidates(self.source.len(), self.selector.bound(), self.index)
    }

    /// The number of blocks, including a partial last one.
    pub(crate) fn blocks(&self) -> u64 {
        self.source.len().div_ceil(BLOCK_TOKENS as u64)
    }

    /// Calls `work` in each block that has selected tokens, several at a time, with one result for
    /// up to eight blocks; `take` gets the results in the order of the blocks, until it breaks.
    ///
    /// `work` must load all it needs before it changes its result, so that a block found damaged
    /// leaves nothing behind.
    pub(crate) fn run<R: Send, E: From<QueryError>>(
        &self,
        new: impl Fn() -> R + Sync,
        work: impl Fn(&mut R, &mut Stage<'_>) -> Result<(), QueryError> + Sync,
        take: impl FnMut(R) -> Result<ControlFlow<()>, E>,
    ) -> Result<Stats, E> {
        self.run_over(&self.candidates(), new, work, take)
    }

    /// Does what [`run`](Self::run) does, for some blocks.
    pub(crate) fn run_over<R: Send, E: From<QueryError>>(
        &self,
        candidates: &[Candidate],
        new: impl Fn() -> R + Sync,
        work: impl Fn(&mut R, &mut Stage<'_>) -> Result<(), QueryError> + Sync,
        mut take: impl FnMut(R) -> Result<ControlFlow<()>, E>,
    ) -> Result<Stats, E> {
        let run = Run {
            scan: self,
            opened: Opened::new(self.source, candidates.len() as u64),
        };
        let stages = Pool::new();
        let mut stats = self.stats_of_none(candidates.len() as u64);
        let mut rest = candidates;
        let mut wave = FIRST_WAVE.min(self.wave);
        'waves: while !rest.is_empty() {
            let (part, behind) = rest.split_at(wave.min(rest.len()));
            let results = self.map(part, |blocks| run.map(&stages, blocks, &new, &work));
            for result in results.map_err(QueryError::from)? {
                if take(result?)?.is_break() {
                    break 'waves;
                }
            }
            rest = behind;
            wave = (2 * wave).min(self.wave);
        }
        for stage in stages.into_inner() {
            stats.add(&stage.stats);
        }
        stats.elapsed = self.started.elapsed();
        Ok(stats)
    }

    /// The counts of a pass before anything is looked at.
    pub(crate) fn stats_of_none(&self, candidates: u64) -> Stats {
        let blocks = self.blocks();
        Stats {
            blocks,
            blocks_skipped: blocks - candidates,
            ..Stats::default()
        }
    }

    fn map<R: Send>(
        &self,
        blocks: &[Candidate],
        map: impl Fn(&[Candidate]) -> R + Sync,
    ) -> Result<Vec<R>, ParallelError> {
        let shards = Shards::new(blocks.len() * BLOCK_TOKENS);
        let map = |shard: ng_parallel::Shard| {
            let range = shard.range;
            map(&blocks[range.start / BLOCK_TOKENS..range.end / BLOCK_TOKENS])
        };
        match blocks.len() <= ALONE {
            true => serial::map_shards(&self.workers.stop_flag(), shards, map),
            false => map_shards(&self.workers, shards, map),
        }
    }
}

impl<'q> Run<'_, 'q> {
    fn map<'s, R>(
        &'s self,
        stages: &Pool<Stage<'s>>,
        blocks: &[Candidate],
        new: impl Fn() -> R,
        work: impl Fn(&mut R, &mut Stage<'s>) -> Result<(), QueryError>,
    ) -> Result<R, QueryError> {
        let mut stage = stages
            .take()
            .unwrap_or_else(|| Stage::new(self.scan, &self.opened));
        let mut result = new();
        let done = self.in_blocks(&mut stage, blocks, |stage| work(&mut result, stage));
        stages.give(stage);
        done.map(|()| result)
    }

    fn in_blocks<'s>(
        &'s self,
        stage: &mut Stage<'s>,
        blocks: &[Candidate],
        mut work: impl FnMut(&mut Stage<'s>) -> Result<(), QueryError>,
    ) -> Result<(), QueryError> {
        let tokens = self.scan.source.len();
        let block_tokens = BLOCK_TOKENS as u64;
        let end = |block: u64| tokens.min((block + 1) * block_tokens);
        for candidate in blocks {
            stage.check_stop()?;
            let block = candidate.block;
            let len = (end(block) - block * block_tokens) as usize;
            let before = stage.stats.bytes_read;
            let done = self.select(stage, *candidate, len).and_then(|any| {
                if !any {
                    return Ok(());
                }
                if self.scan.skips_damaged {
                    // A damaged block is found only when its records are read.
                    stage.verify()?;
                }
                work(stage)
            });
            match done.is_ok() && stage.stats.bytes_read == before {
                true => stage.stats.blocks_unread += 1,
                false => stage.stats.blocks_looked_at += 1,
            }
            self.pass_damage(done, len, &mut stage.stats)?;
        }
        Ok(())
    }

    /// Moves to a block; tells whether any of its tokens is selected.
    fn select(
        &self,
        stage: &mut Stage<'_>,
        candidate: Candidate,
        len: usize,
    ) -> Result<bool, QueryError> {
        stage.enter(candidate.block, len);
        if candidate.is_all {
            return Ok(true);
        }
        let mut mask = stage.masks.take();
        let done = self.scan.selector.evaluate(stage, &mut mask[..len]);
        stage.select(mask);
        done?;
        Ok(stage.selected_count() > 0)
    }

    /// Drops a damaged block, if that was asked for.
    fn pass_damage(
        &self,
        done: Result<(), QueryError>,
        tokens: usize,
        stats: &mut Stats,
    ) -> Result<(), QueryError> {
        match done {
            Err(QueryError::Read(error)) if self.scan.skips_damaged && is_of_block(&error) => {
                stats.damaged_blocks += 1;
                stats.damaged_tokens += tokens as u64;
                Ok(())
            }
            done => done,
        }
    }
}

/// Whether one block is damaged, rather than the file.
fn is_of_block(error: &ReadError) -> bool {
    !matches!(error, ReadError::TableDamaged { .. })
}
