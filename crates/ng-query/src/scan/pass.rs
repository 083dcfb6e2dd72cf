use std::ops::{ControlFlow, Range};
use std::sync::Arc;
use std::time::Instant;

use ng_parallel::{ParallelError, Shards, Workers, map_shards, serial};
use ng_store::{BLOCK_TOKENS, CachePolicy, ReadError};
use ng_token::Token;

use super::stage::Kit;
use super::{Candidate, Opened, PlacedPart, Stage, Stop};
use crate::boxes::Boxes;
use crate::index::Index;
use crate::kernels::Kernels;
use crate::pool::Pool;
use crate::select::Selector;
use crate::{OpenPart, Parts, QueryError, Source, Stats};

/// The number of blocks in the first wave: few, so that an answer in them comes soon.
const FIRST_WAVE: usize = 8;
/// The most blocks of a wave; a result is kept for every eight of them.
pub(crate) const LONGEST_WAVE: usize = 4096;
/// For fewer blocks than this, waking a thread does not pay.
const ALONE: usize = 8;

/// The most parts that are open at once.
const MOST_OPEN: usize = 64;

/// The most blocks of a part that is not opened: those of a file of the default length. Whether
/// there are more is looked at, before memory is taken for them.
const MOST_UNOPENED: u64 = 1 << 20;

/// A pass over the tokens that a filter selects.
pub(crate) struct Scan<'q> {
    pub(crate) source: Source<'q>,
    pub(crate) index: Option<&'q Index>,
    pub(crate) boxes: Option<&'q dyn Boxes>,
    /// The position of the source's first token.
    pub(crate) base: u64,
    /// Whether the filter is known to select every token.
    pub(crate) is_all: bool,
    /// Whether tokens are looked at even if all of their part are selected.
    pub(crate) looks: bool,
    pub(crate) selector: Arc<Selector>,
    pub(crate) workers: Workers,
    pub(crate) stop: Stop,
    pub(crate) kernels: Kernels,
    pub(crate) skips_damaged: bool,
    /// Whether what is read stays in the page cache.
    pub(crate) cache: CachePolicy,
    /// The most blocks of a wave.
    pub(crate) wave: usize,
    pub(crate) started: Instant,
}

/// A part that was opened, or need not be.
struct Chosen {
    placed: PlacedPart,
    part: Option<Arc<OpenPart>>,
    candidates: Vec<Candidate>,
}

/// What goes on from wave to wave, and from part to part.
struct Waves {
    /// How many blocks the next one has.
    wave: usize,
    kits: Pool<Kit>,
}

/// A wave: what its workers share.
struct Run<'r, 'q> {
    scan: &'r Scan<'q>,
    opened: &'r [Opened<'r>],
}

impl<'q> Scan<'q> {
    /// The number of blocks, including partial ones.
    pub(crate) fn blocks(&self) -> u64 {
        self.source.blocks()
    }

    /// The positions of a block; not for parts.
    pub(crate) fn positions(&self, block: u64) -> Range<u64> {
        let (first, tokens) = (block * BLOCK_TOKENS as u64, self.source.len());
        self.base + first..self.base + tokens.min(first + BLOCK_TOKENS as u64)
    }

    /// The same scan, of which it is decided whether what is read stays in the page cache.
    pub(crate) fn with_cache(self, cache: CachePolicy) -> Self {
        Self { cache, ..self }
    }

    /// For work that looks at no token: it needs to know which are selected.
    pub(crate) fn without_looks(self) -> Self {
        Self {
            looks: self.skips_damaged,
            ..self
        }
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
        self.run_over(|scan| Ok(scan.candidates()), new, work, take)
    }

    /// Does what [`run`](Self::run) does, in the blocks that `choose` returns for the source, or for
    /// each part that may have selected tokens.
    pub(crate) fn run_over<R: Send, E: From<QueryError>>(
        &self,
        mut choose: impl FnMut(&Scan<'_>) -> Result<Vec<Candidate>, QueryError>,
        new: impl Fn() -> R + Sync,
        work: impl Fn(&mut R, &mut Stage<'_>) -> Result<(), QueryError> + Sync,
        mut take: impl FnMut(R) -> Result<ControlFlow<()>, E>,
    ) -> Result<Stats, E> {
        let mut waves = Waves {
            wave: FIRST_WAVE.min(self.wave),
            kits: Pool::new(),
        };
        let mut stats = self.stats_of_none();
        match self.source {
            Source::Parts(parts) => {
                let (placed, of_skipped) = self.placed_parts(parts);
                stats = of_skipped;
                let cache = self.cache_of(&placed);
                let (mut rest, mut next) = (&placed[..], ControlFlow::Continue(()));
                while next.is_continue() && !rest.is_empty() {
                    let wave = waves.wave;
                    let group = self.open_some(parts, &mut rest, wave, &mut choose, &mut stats)?;
                    let opened: Vec<_> = group.iter().map(|one| one.opened(self, cache)).collect();
                    let candidates = in_their_places(&group);
                    next = waves.run(self, &opened, &candidates, &new, &work, &mut take)?;
                }
            }
            _ => {
                let candidates = choose(self)?;
                stats.blocks_skipped = stats.blocks - candidates.len() as u64;
                let opened = [Opened::new(self, candidates.len() as u64)];
                let _last = waves.run(self, &opened, &candidates, &new, &work, &mut take)?;
            }
        }
        for kit in waves.kits.into_inner() {
            stats.add(&kit.stats);
        }
        stats.elapsed = self.started.elapsed();
        Ok(stats)
    }

    /// Opens the next parts, as many as have the blocks of a wave, and takes them from the rest;
    /// those without candidates are left out.
    fn open_some(
        &self,
        parts: &dyn Parts,
        rest: &mut &[PlacedPart],
        wave: usize,
        choose: &mut impl FnMut(&Scan<'_>) -> Result<Vec<Candidate>, QueryError>,
        stats: &mut Stats,
    ) -> Result<Vec<Chosen>, QueryError> {
        let (mut group, mut blocks) = (Vec::new(), 0);
        while !rest.is_empty() && blocks < wave && group.len() < MOST_OPEN {
            let count = enough(rest, wave - blocks).min(MOST_OPEN - group.len());
            let (some, behind) = rest.split_at(count);
            *rest = behind;
            for (placed, part) in some.iter().zip(self.open_together(parts, some, stats)?) {
                let chosen = match part {
                    None => Chosen::unopened(*placed),
                    Some(part) => {
                        let candidates = choose(&self.of_part(placed, &part))?;
                        Chosen {
                            placed: *placed,
                            part: Some(part),
                            candidates,
                        }
                    }
                };
                let count = chosen.candidates.len();
                stats.blocks_skipped += placed.blocks() - count as u64;
                blocks += count;
                // A part without candidates is dropped at once.
                if count > 0 {
                    group.push(chosen);
                }
            }
        }
        Ok(group)
    }

    /// Opens parts, several at a time; `None` for those of which nothing need be looked at.
    fn open_together(
        &self,
        parts: &dyn Parts,
        some: &[PlacedPart],
        stats: &mut Stats,
    ) -> Result<Vec<Option<Arc<OpenPart>>>, QueryError> {
        let is_opened = |placed: &PlacedPart| {
            let is_few = placed.blocks() <= MOST_UNOPENED;
            !(placed.is_all && !self.looks && is_few)
        };
        let open = |shard: ng_parallel::Shard| {
            let placed = &some[shard.range.start / BLOCK_TOKENS];
            let opened = is_opened(placed).then(|| self.open(parts, placed));
            opened.transpose()
        };
        let each = Shards::with_shard_tokens(some.len() * BLOCK_TOKENS, BLOCK_TOKENS);
        let opened = match some.iter().filter(|placed| is_opened(placed)).count() {
            0 | 1 => serial::map_shards(&self.workers.stop_flag(), each, open),
            _ => map_shards(&self.workers, each, open),
        };
        let opened: Vec<_> = opened?.into_iter().collect::<Result<_, _>>()?;
        stats.parts_opened += opened.iter().flatten().count() as u64;
        Ok(opened)
    }

    /// Whether what is read of some parts stays in the page cache: all of them decide together.
    fn cache_of(&self, parts: &[PlacedPart]) -> CachePolicy {
        self.cache.of_passes(bytes_of(parts))
    }

    /// The same for work that opens few of the parts, and only then knows which: if all would fit in
    /// the page cache, none of them asks for itself.
    pub(crate) fn cache_of_few(&self, parts: &[PlacedPart]) -> CachePolicy {
        match self.cache_of(parts) {
            CachePolicy::Keep => CachePolicy::Keep,
            _ => self.cache,
        }
    }

    /// The counts of a pass before anything is looked at, or ruled out.
    pub(crate) fn stats_of_none(&self) -> Stats {
        let parts = match self.source {
            Source::Parts(parts) => parts.part_count() as u64,
            _ => 0,
        };
        Stats {
            parts,
            blocks: self.blocks(),
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

impl Chosen {
    fn unopened(placed: PlacedPart) -> Self {
        let all = |block| Candidate::of_all(block);
        Self {
            candidates: (0..placed.blocks()).map(all).collect(),
            placed,
            part: None,
        }
    }

    fn opened<'p>(&'p self, scan: &Scan<'_>, cache: CachePolicy) -> Opened<'p> {
        match &self.part {
            Some(part) => {
                let scan = scan.of_part(&self.placed, part).with_cache(cache);
                Opened::new(&scan, self.candidates.len() as u64)
            }
            None => Opened::unopened(self.placed.base, self.placed.tokens),
        }
    }
}

/// How many bytes parts have; the most that can be counted, if they say that they have more.
fn bytes_of(parts: &[PlacedPart]) -> u64 {
    let add = |sum: u64, part: &PlacedPart| sum.saturating_add(part.tokens);
    let tokens = parts.iter().fold(0, add);
    tokens.saturating_mul(Token::SIZE as u64)
}

/// How many of the next parts have as many blocks as are wanted.
fn enough(parts: &[PlacedPart], wanted: usize) -> usize {
    let mut blocks = 0;
    let is_short = |part: &&PlacedPart| {
        let is_short = blocks < wanted as u64;
        blocks = part.blocks().saturating_add(blocks);
        is_short
    };
    parts.iter().take_while(is_short).count()
}

/// The candidates of some parts that are open, in order.
fn in_their_places(group: &[Chosen]) -> Vec<Candidate> {
    let of = |(place, chosen): (u32, &Chosen)| {
        let candidates = chosen.candidates.clone().into_iter();
        candidates.map(move |candidate| Candidate { place, ..candidate })
    };
    (0..).zip(group).flat_map(of).collect()
}

impl Waves {
    /// Calls `work` in some blocks, wave by wave, and `take` with the results.
    fn run<R: Send, E: From<QueryError>>(
        &mut self,
        scan: &Scan<'_>,
        opened: &[Opened<'_>],
        candidates: &[Candidate],
        new: &(impl Fn() -> R + Sync),
        work: &(impl Fn(&mut R, &mut Stage<'_>) -> Result<(), QueryError> + Sync),
        take: &mut impl FnMut(R) -> Result<ControlFlow<()>, E>,
    ) -> Result<ControlFlow<()>, E> {
        let run = Run { scan, opened };
        let (kits, stages) = (&self.kits, Pool::new());
        let mut rest = candidates;
        let mut next = ControlFlow::Continue(());
        'waves: while !rest.is_empty() {
            let (part, behind) = rest.split_at(self.wave.min(rest.len()));
            let results = scan.map(part, |blocks| run.map((kits, &stages), blocks, new, work));
            for result in results.map_err(QueryError::from)? {
                next = take(result?)?;
                if next.is_break() {
                    break 'waves;
                }
            }
            rest = behind;
            self.wave = (2 * self.wave).min(scan.wave);
        }
        for stage in stages.into_inner() {
            self.kits.give(stage.into_kit());
        }
        Ok(next)
    }
}

impl<'r, 'q> Run<'r, 'q> {
    fn map<'s, R>(
        &'s self,
        (kits, stages): (&Pool<Kit>, &Pool<Stage<'s>>),
        blocks: &[Candidate],
        new: impl Fn() -> R,
        work: impl Fn(&mut R, &mut Stage<'s>) -> Result<(), QueryError>,
    ) -> Result<R, QueryError> {
        let mut stage = stages.take().unwrap_or_else(|| {
            let kit = kits.take().unwrap_or_default();
            Stage::with_kit(self.scan, &self.opened[0], kit)
        });
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
        for candidate in blocks {
            stage.check_stop()?;
            stage.move_to(&self.opened[candidate.place as usize]);
            let before = stage.stats.bytes_read;
            let done = self.select(stage, *candidate).and_then(|any| {
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
            let len = stage.len();
            self.pass_damage(done, len, &mut stage.stats)?;
        }
        Ok(())
    }

    /// Moves to a block; tells whether any of its tokens is selected.
    fn select(&self, stage: &mut Stage<'_>, candidate: Candidate) -> Result<bool, QueryError> {
        stage.enter(candidate.block);
        let len = stage.len();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_that_cannot_be_are_counted_without_an_overflow() {
        for (lengths, bytes) in [
            ([2, 3], 320),
            ([u64::MAX, 1], u64::MAX),
            ([1 << 58, 0], u64::MAX),
        ] {
            let parts = lengths.map(|tokens| PlacedPart {
                part: 0,
                base: 0,
                tokens,
                is_all: false,
            });
            assert_eq!(bytes_of(&parts), bytes, "{lengths:?}");
        }
    }
}
