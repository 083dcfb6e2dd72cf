use std::ops::Range;

use ng_token::Token;

use crate::disk::RealFile;
use crate::{BadBlock, BlockReader, IoError, VerifyBlocks, VerifyReport};

/// The blocks of a mapped file, to be checked where they are.
///
/// Nothing is copied, so it is faster than a [`BlockReader`], which needs no
/// promise about the file.
#[derive(Debug)]
pub struct MappedBlocks<'store> {
    reader: BlockReader<&'store RealFile>,
    /// `None` where the map does not show what the file has: a commit that could
    /// not be shown.
    tokens: Option<&'store [Token]>,
}

impl<'store> MappedBlocks<'store> {
    pub(super) fn new(reader: BlockReader<&'store RealFile>, tokens: &'store [Token]) -> Self {
        let all_are_shown = tokens.len() as u64 == reader.len();
        Self {
            reader,
            tokens: all_are_shown.then_some(tokens),
        }
    }
}

impl VerifyBlocks for MappedBlocks<'_> {
    fn blocks(&self) -> u64 {
        self.reader.blocks()
    }

    fn tokens_of(&self, block: u64) -> Range<u64> {
        self.reader.tokens_of(block)
    }

    fn verify_blocks(&self, range: Range<u64>) -> Result<Vec<BadBlock>, IoError> {
        match self.tokens {
            Some(tokens) => self.reader.verify_shown(tokens, range),
            None => self.reader.verify_blocks(range),
        }
    }

    fn conclude(&self, bad: Vec<BadBlock>) -> Result<VerifyReport, IoError> {
        self.reader.conclude(bad)
    }
}
