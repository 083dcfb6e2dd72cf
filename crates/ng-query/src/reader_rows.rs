use std::ops::Range;

use ng_store::{BLOCK_TOKENS, BlockPass, BlockReader, ReadError};
use ng_token::Token;

const BLOCK: u64 = BLOCK_TOKENS as u64;

/// Some rows of a file, read and verified.
///
/// Blocks are counted from the first of these rows. Unless that begins a block of the file, each of
/// them is in two of the file's, so a damaged one spoils two of these.
#[derive(Clone, Debug)]
pub struct ReaderRows {
    reader: BlockReader,
    rows: Range<u64>,
}

impl ReaderRows {
    /// Takes some rows of a reader.
    ///
    /// # Panics
    ///
    /// If the rows are not within the reader.
    pub fn new(reader: BlockReader, rows: Range<u64>) -> Self {
        let len = reader.len();
        assert!(
            rows.start <= rows.end && rows.end <= len,
            "rows {rows:?} of {len}"
        );
        Self { reader, rows }
    }

    /// Returns the reader of the whole file.
    pub fn reader(&self) -> &BlockReader {
        &self.reader
    }

    /// Returns the rows of the file.
    pub fn rows(&self) -> Range<u64> {
        self.rows.clone()
    }

    /// Returns how many rows there are.
    pub fn len(&self) -> u64 {
        self.rows.end - self.rows.start
    }

    /// Tells whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Prepares to read most of the rows.
    pub(crate) fn pass(&self) -> BlockPass<'static> {
        self.reader.pass_over(self.rows())
    }

    /// Reads a block of the rows.
    pub(crate) fn read_block(
        &self,
        pass: Option<&BlockPass<'static>>,
        block: u64,
        tokens: &mut Vec<Token>,
        last: &mut LastBlock,
    ) -> Result<(), ReadError> {
        let read = |block, tokens: &mut Vec<Token>| match pass {
            Some(pass) => pass.read_block(block, tokens),
            None => self.reader.read_block(block, tokens),
        };
        let start = self.rows.start + block * BLOCK;
        let len = BLOCK.min(self.rows.end - start) as usize;
        let (first, skipped) = (start / BLOCK, (start % BLOCK) as usize);
        if skipped == 0 {
            read(first, tokens)?;
            tokens.truncate(len);
            return Ok(());
        }
        last.read(first, read)?;
        tokens.clear();
        tokens.extend(last.tokens[skipped..].iter().take(len));
        if tokens.len() < len {
            last.read(first + 1, read)?;
            tokens.extend_from_slice(&last.tokens[..len - tokens.len()]);
        }
        Ok(())
    }
}

/// The block of a file that was read last: the next rows often begin in it.
#[derive(Debug, Default)]
pub(crate) struct LastBlock {
    number: Option<u64>,
    tokens: Vec<Token>,
}

impl LastBlock {
    /// Forgets the block, which is of another file.
    pub(crate) fn forget(&mut self) {
        self.number = None;
    }

    fn read(
        &mut self,
        block: u64,
        read: impl Fn(u64, &mut Vec<Token>) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        if self.number != Some(block) {
            self.number = None;
            read(block, &mut self.tokens)?;
            self.number = Some(block);
        }
        Ok(())
    }
}
