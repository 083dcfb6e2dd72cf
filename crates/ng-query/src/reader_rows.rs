use std::ops::Range;

use ng_store::disk::Disk;
use ng_store::{BLOCK_TOKENS, BlockPass, BlockReader, CachePolicy, Commit, OpenError, ReadError};
use ng_token::Token;

const BLOCK: u64 = BLOCK_TOKENS as u64;

/// Some rows of a file, read and verified.
///
/// Blocks are counted from the first of these rows. Unless that begins a block of the file, each of
/// them is in two of the file's, so a damaged one spoils two of these.
#[derive(Clone, Debug)]
pub struct ReaderRows {
    reader: Reader,
    rows: Range<u64>,
}

/// The reader of the whole file: of the system's, or of one on any disk.
#[derive(Clone, Debug)]
enum Reader {
    File(BlockReader),
    Pass(BlockPass<'static>),
}

impl ReaderRows {
    /// Takes some rows of a reader.
    ///
    /// # Panics
    ///
    /// If the rows are not within the reader.
    pub fn new(reader: BlockReader, rows: Range<u64>) -> Self {
        Self::within(reader.len(), Reader::File(reader), rows)
    }

    /// Takes some rows of a file on any disk, by a pass over it.
    ///
    /// # Panics
    ///
    /// If the rows are not within the pass.
    pub fn of_pass(pass: BlockPass<'static>, rows: Range<u64>) -> Self {
        Self::within(pass.len(), Reader::Pass(pass), rows)
    }

    fn within(len: u64, reader: Reader, rows: Range<u64>) -> Self {
        assert!(
            rows.start <= rows.end && rows.end <= len,
            "rows {rows:?} of {len}"
        );
        Self { reader, rows }
    }

    /// Returns the commit, if these are all of its rows.
    pub(crate) fn commit(&self) -> Option<Commit> {
        let (commit, len) = match &self.reader {
            Reader::File(reader) => (reader.commit(), reader.len()),
            Reader::Pass(pass) => (pass.commit(), pass.len()),
        };
        (self.rows == (0..len)).then_some(commit)
    }

    /// Passes some of the rows to `take`, verified, in order, up to a block at a time; they are
    /// counted from the first of these.
    ///
    /// # Errors
    ///
    /// [`ReadError`], and what `take` returns.
    ///
    /// # Panics
    ///
    /// If the range is not within these rows.
    pub fn for_each<E: From<ReadError>>(
        &self,
        some: Range<u64>,
        take: impl FnMut(&[Token]) -> Result<(), E>,
    ) -> Result<(), E> {
        let len = self.len();
        assert!(some.end <= len, "rows {some:?} of {len}");
        let some = self.rows.start + some.start..self.rows.start + some.end;
        match &self.reader {
            Reader::File(reader) => reader.for_each(some, take),
            Reader::Pass(pass) => pass.for_each(some, take),
        }
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
    pub(crate) fn pass(&self, cache: CachePolicy) -> BlockPass<'static> {
        match &self.reader {
            Reader::File(reader) => reader.passing_by(cache).pass_over(self.rows()),
            Reader::Pass(pass) => pass.clone(),
        }
    }

    /// Prepares to read all of the rows, for what must not lose any: refuses a file that may have
    /// lost its newest commit, or whose block table is damaged.
    pub(crate) fn sound_pass<E>(&self, cache: CachePolicy) -> Result<BlockPass<'static>, E>
    where
        E: From<OpenError> + From<ReadError>,
    {
        match &self.reader {
            Reader::File(reader) => sound_pass(reader, self.rows(), cache),
            Reader::Pass(pass) => sound_pass(pass, self.rows(), cache),
        }
    }

    /// Reads a block of the rows.
    pub(crate) fn read_block(
        &self,
        pass: Option<&BlockPass<'static>>,
        block: u64,
        tokens: &mut Vec<Token>,
        last: &mut LastBlock,
    ) -> Result<(), ReadError> {
        let read = |block, tokens: &mut Vec<Token>| match (pass, &self.reader) {
            (Some(pass), _) | (None, Reader::Pass(pass)) => pass.read_block(block, tokens),
            (None, Reader::File(reader)) => reader.read_block(block, tokens),
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

/// Does what [`ReaderRows::sound_pass`] does.
pub(crate) fn sound_pass<D: Disk + 'static, E>(
    reader: &BlockReader<D>,
    rows: Range<u64>,
    cache: CachePolicy,
) -> Result<BlockPass<'static>, E>
where
    E: From<OpenError> + From<ReadError>,
{
    reader.refuse_lost()?;
    reader.check_table()?;
    Ok(reader.clone().with_cache(cache).pass_over(rows))
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
