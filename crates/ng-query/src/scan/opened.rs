use ng_store::{BLOCK_TOKENS, BlockPass, BlockReader, CachePolicy, MapPass, MapWindow, Snapshot};
use ng_token::Token;

use crate::{QueryError, Source};

/// A source, opened for one pass.
pub(crate) enum Opened<'q> {
    Tokens(&'q [Token]),
    Map(&'q Snapshot),
    /// Most of a map that may be larger than memory.
    MapPass(MapPass<'q>),
    Reader(&'q BlockReader),
    /// Most of a file, bypassing the page cache where that is better.
    Pass(BlockPass<'static>),
}

impl<'q> Opened<'q> {
    /// Opens a source, given how many of its blocks are looked at.
    pub(crate) fn new(source: Source<'q>, candidates: u64) -> Self {
        let is_pass = candidates > source.len().div_ceil(BLOCK_TOKENS as u64) / 2;
        match source {
            Source::Snapshot(snapshot) if is_pass => {
                Self::MapPass(snapshot.pass(CachePolicy::Auto))
            }
            Source::Reader(reader) if is_pass => Self::Pass(reader.pass()),
            source => Self::few(source),
        }
    }

    /// Opens a source of which little is looked at.
    pub(crate) fn few(source: Source<'q>) -> Self {
        match source {
            Source::Tokens(tokens) => Self::Tokens(tokens),
            Source::Snapshot(snapshot) => Self::Map(snapshot),
            Source::Reader(reader) => Self::Reader(reader),
        }
    }

    /// All tokens, if they are in memory or mapped.
    pub(crate) fn tokens(&self) -> Option<&[Token]> {
        match self {
            Self::Tokens(tokens) => Some(tokens),
            Self::Map(snapshot) => Some(snapshot.tokens()),
            Self::MapPass(pass) => Some(pass.snapshot().tokens()),
            Self::Reader(_) | Self::Pass(_) => None,
        }
    }

    /// Reads and verifies a block of a file.
    pub(crate) fn read_block(&self, block: u64, tokens: &mut Vec<Token>) -> Result<(), QueryError> {
        match self {
            Self::Reader(reader) => reader.read_block(block, tokens)?,
            Self::Pass(pass) => pass.read_block(block, tokens)?,
            _ => unreachable!("tokens that are mapped are not read"),
        }
        Ok(())
    }

    /// Brings `len` tokens of a map into memory for as long as they are looked at, if they may not
    /// be there.
    pub(super) fn window(
        &self,
        first: u64,
        len: usize,
    ) -> Result<Option<MapWindow<'_>>, QueryError> {
        let Self::MapPass(pass) = self else {
            return Ok(None);
        };
        let start = first as usize;
        match pass.window(start..start + len) {
            Ok(window) => Ok(Some(window)),
            Err(source) => Err(QueryError::Map {
                tokens: first..first + len as u64,
                source,
            }),
        }
    }
}
