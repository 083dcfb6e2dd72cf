use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Receiver;

use anyhow::Result;
use ng_arrow::Positions;
use ng_store::{Block, Blocks};
use ng_token::Token;

use crate::progress::Progress;

/// Some verified tokens to be written, adjacent and in order.
#[derive(Clone)]
pub(super) struct Piece {
    held: Held,
    within: Range<usize>,
}

#[derive(Clone)]
enum Held {
    Block(Arc<Block>),
    /// What a filter selected, each with its own position.
    Chosen(Arc<Chosen>),
}

struct Chosen {
    tokens: Vec<Token>,
    positions: Vec<u64>,
}

impl Piece {
    fn of_block(block: Block) -> Self {
        Self {
            within: 0..block.len(),
            held: Held::Block(Arc::new(block)),
        }
    }

    pub(super) fn of_chosen(positions: &[u64], tokens: &[Token]) -> Self {
        Self {
            within: 0..tokens.len(),
            held: Held::Chosen(Arc::new(Chosen {
                tokens: tokens.to_vec(),
                positions: positions.to_vec(),
            })),
        }
    }

    pub(super) fn tokens(&self) -> &[Token] {
        match &self.held {
            Held::Block(block) => &block[self.within.clone()],
            Held::Chosen(chosen) => &chosen.tokens[self.within.clone()],
        }
    }

    pub(super) fn positions(&self) -> Positions<'_> {
        match &self.held {
            Held::Block(block) => Positions::From(block.start() + self.within.start as u64),
            Held::Chosen(chosen) => Positions::Each(&chosen.positions[self.within.clone()]),
        }
    }

    /// Splits off everything beyond a number of tokens, if there is any.
    pub(super) fn split_off(&mut self, most: usize) -> Option<Self> {
        let middle = self.within.start + most;
        let rest = (middle < self.within.end).then(|| Self {
            held: self.held.clone(),
            within: middle..self.within.end,
        });
        self.within.end = self.within.end.min(middle);
        rest
    }
}

/// Everything to be written.
pub(super) struct Pieces<'a> {
    pub(super) from: From,
    pub(super) progress: &'a Progress,
    /// How many tokens were passed on.
    pub(super) given: &'a AtomicU64,
    pub(super) check: &'a dyn Fn() -> Result<()>,
}

/// Where pieces come from.
pub(super) enum From {
    Blocks(Box<Blocks>),
    /// The thread that queries those that a filter matches.
    Query(Receiver<Result<Piece>>),
}

/// A bad block is an error in its place, and so is the wish to end.
impl Iterator for Pieces<'_> {
    type Item = Result<Piece>;

    fn next(&mut self) -> Option<Result<Piece>> {
        let piece = match &mut self.from {
            From::Blocks(blocks) => match blocks.next()? {
                Ok(block) => Ok(Piece::of_block(block)),
                Err(error) => Err(error.into()),
            },
            From::Query(pieces) => pieces.recv().ok()?,
        };
        Some((self.check)().and_then(|()| {
            let piece = piece?;
            let tokens = piece.within.len() as u64;
            self.progress.add(tokens);
            self.given.fetch_add(tokens, Ordering::Relaxed);
            Ok(piece)
        }))
    }
}
