use ng_arrow::Column;
use ng_token::Token;

use super::{Beyond, Opened, Scan, Stage};
use crate::bound::Bound;
use crate::zone::{Verdict, verdict};
use crate::{QueryError, Stats};

/// One worker's way to visit blocks in any order and look at a few pages of each.
pub(crate) struct Visitor<'s> {
    pub(crate) stage: Stage<'s>,
    scan: &'s Scan<'s>,
    is_mapped: bool,
}

/// What a visitor found at a block.
#[derive(Clone, Copy)]
pub(crate) struct Visited {
    /// Whether the columns are loaded; otherwise the records are.
    pub(crate) has_columns: bool,
    /// Whether tokens are still to be filtered, one by one.
    pub(crate) is_to_match: bool,
}

impl<'s> Visitor<'s> {
    pub(crate) fn new(scan: &'s Scan<'s>, opened: &'s Opened<'s>) -> Self {
        Self {
            stage: Stage::new(scan, opened),
            scan,
            is_mapped: opened.tokens().is_some(),
        }
    }

    /// The number of blocks.
    pub(crate) fn blocks(&self) -> u64 {
        self.scan.blocks()
    }

    pub(crate) fn bound(&self) -> &'s Bound {
        self.scan.selector.bound()
    }

    pub(crate) fn into_stats(self) -> Stats {
        self.stage.stats
    }

    /// What is known about which tokens of a block are selected.
    pub(crate) fn verdict(&self, block: u64) -> Verdict {
        match self.bound() {
            _ if self.scan.is_all => Verdict::All,
            Bound::All => Verdict::All,
            bound => {
                let zone = self.scan.index.and_then(|index| index.zone(block));
                verdict(bound, &self.scan.positions(block), zone)
            }
        }
    }

    /// Whether the filter is evaluated for whole blocks, whose records are read for that.
    pub(super) fn matches_by_block(&self) -> bool {
        !self.is_mapped && *self.bound() != Bound::All
    }

    /// The records of a block.
    pub(super) fn records(&mut self, block: u64) -> Result<&[Token], QueryError> {
        self.stage.enter(block);
        self.stage.bring_records()?;
        Ok(self.stage.held_records())
    }

    /// Visits a block, and loads what is needed before pages of some columns are looked at. `None`
    /// if no token of it is selected.
    ///
    /// With `by_token`, if single records are cheap to look at, the filter is left for the tokens
    /// in question. Columns of a block beyond the index are loaded already.
    pub(crate) fn visit(
        &mut self,
        block: u64,
        columns: &[Column],
        by_token: bool,
        beyond: &Beyond,
    ) -> Result<Option<Visited>, QueryError> {
        self.stage.check_stop()?;
        let verdict = self.verdict(block);
        if verdict == Verdict::None {
            return Ok(None);
        }
        self.stage.enter(block);
        let len = self.stage.len();
        let has_columns = beyond.columns(block).is_some() || self.bring(columns)?;
        let is_to_match = verdict == Verdict::Some && by_token && self.is_mapped;
        if verdict == Verdict::Some && !is_to_match {
            let mut mask = self.stage.masks.take();
            let done = self
                .scan
                .selector
                .evaluate(&mut self.stage, &mut mask[..len]);
            self.stage.select(mask);
            done?;
        }
        Ok(Some(Visited {
            has_columns,
            is_to_match,
        }))
    }

    fn bring(&mut self, columns: &[Column]) -> Result<bool, QueryError> {
        let (bytes, had_columns) = (self.stage.stats.bytes_read, self.stage.stats.columns);
        let has_columns = self.stage.map_all(columns);
        // Pages are counted one by one by the caller.
        self.stage.stats.bytes_read = bytes;
        self.stage.stats.columns = had_columns || has_columns;
        self.stage.stats.records |= !has_columns;
        if !has_columns && !self.is_mapped {
            self.stage.bring_records()?;
        }
        Ok(has_columns)
    }

    /// Counts what was looked at in a block.
    pub(crate) fn count_tokens(&mut self, tokens: usize, visited: Visited, columns: usize) {
        let bytes = match (visited.has_columns, self.is_mapped) {
            (true, _) => columns * size_of::<i16>(),
            (false, true) => Token::SIZE,
            // The whole block was read.
            (false, false) => 0,
        };
        self.stage.stats.bytes_read += (tokens * bytes) as u64;
    }
}
