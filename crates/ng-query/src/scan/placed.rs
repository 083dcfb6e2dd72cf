use std::sync::Arc;

use ng_store::BLOCK_TOKENS;

use super::Scan;
use crate::boxes::Boxes;
use crate::parts::open_part;
use crate::zone::{Verdict, verdict};
use crate::{OpenPart, Parts, QueryError, Stats};

/// A part that may have selected tokens, not opened yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PlacedPart {
    /// Its number among the parts.
    pub(crate) part: usize,
    /// The position of its first token.
    pub(crate) base: u64,
    pub(crate) tokens: u64,
    /// Whether the filter is known to select every token.
    pub(crate) is_all: bool,
}

impl PlacedPart {
    pub(crate) fn blocks(&self) -> u64 {
        self.tokens.div_ceil(BLOCK_TOKENS as u64)
    }
}

impl<'q> Scan<'q> {
    /// The parts that may have selected tokens, in order, and the counts of a pass before any of
    /// these is opened.
    pub(crate) fn placed_parts(&self, parts: &dyn Parts) -> (Vec<PlacedPart>, Stats) {
        let (mut placed_parts, mut base) = (Vec::new(), 0_u64);
        let mut stats = self.stats_of_none();
        for part in 0..parts.part_count() {
            let mut placed = PlacedPart {
                part,
                base,
                tokens: parts.part_tokens(part),
                is_all: false,
            };
            base = base.saturating_add(placed.tokens);
            let zone = parts.part_zone(part);
            let verdict = match placed.tokens {
                0 => Verdict::None,
                _ => verdict(self.selector.bound(), &(placed.base..base), zone),
            };
            placed.is_all = verdict == Verdict::All;
            match verdict {
                Verdict::None => stats.blocks_skipped += placed.blocks(),
                Verdict::All | Verdict::Some => placed_parts.push(placed),
            }
        }
        (placed_parts, stats)
    }

    /// Opens a part.
    pub(crate) fn open(
        &self,
        parts: &dyn Parts,
        placed: &PlacedPart,
    ) -> Result<Arc<OpenPart>, QueryError> {
        self.stop.check()?;
        open_part(parts, placed.part)
    }

    /// The same scan of an open part alone.
    pub(crate) fn of_part<'p>(&self, placed: &PlacedPart, part: &'p OpenPart) -> Scan<'p> {
        Scan {
            source: part.source(),
            index: part.index(),
            boxes: part.index().map(|index| index as &dyn Boxes),
            base: placed.base,
            is_all: placed.is_all,
            looks: self.looks,
            selector: Arc::clone(&self.selector),
            workers: self.workers.clone(),
            stop: self.stop.clone(),
            kernels: self.kernels,
            skips_damaged: self.skips_damaged,
            cache: self.cache,
            wave: self.wave,
            started: self.started,
        }
    }
}
