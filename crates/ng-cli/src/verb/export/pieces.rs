use std::ops::Range;
use std::sync::Arc;

use anyhow::Result;
use ng_arrow::Positions;
use ng_store::{Block, Blocks};
use ng_token::Token;

use crate::progress::Progress;

/// Some verified tokens that are to be written, behind each other and in order.
///
/// What is chosen by a filter would be another kind of it: tokens of a block, each with its
/// own position.
#[derive(Clone)]
pub(super) struct Piece {
    block: Arc<Block>,
    within: Range<usize>,
}

impl Piece {
    pub(super) fn tokens(&self) -> &[Token] {
        &self.block[self.within.clone()]
    }

    pub(super) fn positions(&self) -> Positions<'_> {
        Positions::From(self.block.start() + self.within.start as u64)
    }

    /// Splits off what is beyond so many tokens, if anything is.
    pub(super) fn split_off(&mut self, most: usize) -> Option<Self> {
        let middle = self.within.start + most;
        let rest = (middle < self.within.end).then(|| Self {
            block: Arc::clone(&self.block),
            within: middle..self.within.end,
        });
        self.within.end = self.within.end.min(middle);
        rest
    }
}

/// All that is to be written.
pub(super) struct Pieces<'a> {
    pub(super) blocks: Blocks,
    pub(super) progress: &'a Progress,
    pub(super) check: &'a dyn Fn() -> Result<()>,
}

/// A bad block is an error in its place, and so is the wish to end.
impl Iterator for Pieces<'_> {
    type Item = Result<Piece>;

    fn next(&mut self) -> Option<Result<Piece>> {
        let block = self.blocks.next()?;
        Some((self.check)().and_then(|()| {
            let block = block?;
            self.progress.add(block.len() as u64);
            Ok(Piece {
                within: 0..block.len(),
                block: Arc::new(block),
            })
        }))
    }
}
