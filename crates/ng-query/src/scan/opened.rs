use std::ops::Range;

use ng_store::{BLOCK_TOKENS, BlockPass, BlockReader, MapPass, MapWindow, Snapshot};
use ng_token::Token;

use super::Scan;
use crate::index::Index;
use crate::reader_rows::LastBlock;
use crate::{QueryError, ReaderRows, Source};

/// A source, opened for one pass, with what is known of its blocks.
pub(crate) struct Opened<'q> {
    held: Held<'q>,
    pub(super) index: Option<&'q Index>,
    /// The position of the first token.
    pub(super) base: u64,
    /// How many tokens there are.
    pub(super) tokens: u64,
}

enum Held<'q> {
    Tokens(&'q [Token]),
    Map(&'q Snapshot),
    /// Most of a map that may be larger than memory.
    MapPass(MapPass<'q>),
    Reader(&'q BlockReader),
    /// Most of a file, bypassing the page cache where that is better.
    Pass(BlockPass<'static>),
    Rows(&'q ReaderRows),
    /// Most of some rows.
    RowsPass(&'q ReaderRows, BlockPass<'static>),
    /// A part that is not opened, as all its tokens are selected and none is looked at.
    Unopened,
}

impl<'q> Opened<'q> {
    /// Opens the source of a scan, given how many of its blocks are looked at.
    pub(crate) fn new(scan: &Scan<'q>, candidates: u64) -> Self {
        let is_pass = candidates > scan.blocks() / 2;
        let held = match scan.source {
            Source::Snapshot(snapshot) if is_pass => Held::MapPass(snapshot.pass(scan.cache)),
            Source::Reader(reader) if is_pass => Held::Pass(reader.passing_by(scan.cache).pass()),
            Source::Rows(rows) if is_pass => Held::RowsPass(rows, rows.pass(scan.cache)),
            source => Held::few(source),
        };
        Self {
            held,
            index: scan.index,
            base: scan.base,
            tokens: scan.source.len(),
        }
    }

    /// Opens a source of which little is looked at.
    pub(crate) fn few(source: Source<'q>) -> Self {
        Self {
            held: Held::few(source),
            index: None,
            base: 0,
            tokens: source.len(),
        }
    }

    /// Stands for a part that is not opened.
    pub(super) fn unopened(base: u64, tokens: u64) -> Self {
        Self {
            held: Held::Unopened,
            index: None,
            base,
            tokens,
        }
    }

    /// The places of a block's tokens, from the first token of this source on.
    pub(super) fn places(&self, block: u64) -> Range<u64> {
        let first = block * BLOCK_TOKENS as u64;
        first..self.tokens.min(first + BLOCK_TOKENS as u64)
    }

    /// All tokens, if they are in memory or mapped.
    pub(crate) fn tokens(&self) -> Option<&[Token]> {
        match &self.held {
            Held::Tokens(tokens) => Some(tokens),
            Held::Map(snapshot) => Some(snapshot.tokens()),
            Held::MapPass(pass) => Some(pass.snapshot().tokens()),
            _ => None,
        }
    }

    /// Reads and verifies a block of a file; `last` is the one read before it.
    pub(crate) fn read_block(
        &self,
        block: u64,
        tokens: &mut Vec<Token>,
        last: &mut LastBlock,
    ) -> Result<(), QueryError> {
        match &self.held {
            Held::Reader(reader) => reader.read_block(block, tokens)?,
            Held::Pass(pass) => pass.read_block(block, tokens)?,
            Held::Rows(rows) => rows.read_block(None, block, tokens, last)?,
            Held::RowsPass(rows, pass) => rows.read_block(Some(pass), block, tokens, last)?,
            _ => unreachable!("tokens that are mapped are not read, nor those of no opened part"),
        }
        Ok(())
    }

    /// Brings a block of a map into memory for as long as its tokens are looked at, if they may not
    /// be there.
    pub(super) fn window(&self, places: Range<u64>) -> Result<Option<MapWindow<'_>>, QueryError> {
        let Held::MapPass(pass) = &self.held else {
            return Ok(None);
        };
        match pass.window(places.start as usize..places.end as usize) {
            Ok(window) => Ok(Some(window)),
            Err(source) => Err(QueryError::Map {
                tokens: self.base + places.start..self.base + places.end,
                source,
            }),
        }
    }
}

impl<'q> Held<'q> {
    fn few(source: Source<'q>) -> Self {
        match source {
            Source::Tokens(tokens) => Self::Tokens(tokens),
            Source::Snapshot(snapshot) => Self::Map(snapshot),
            Source::Reader(reader) => Self::Reader(reader),
            Source::Rows(rows) => Self::Rows(rows),
            Source::Parts(_) => unreachable!("parts are opened one by one"),
        }
    }
}
