use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;

use ng_store::{BlockPass, BlockReader, Snapshot};
use ng_token::Token;

use crate::index::Index;
use crate::{QueryError, QuestionError, ReaderRows, Source, Zone};

/// Several sources, one after another, that are queried as one: the shards of a dataset.
///
/// The first token of a part comes after the last one of the part before it, and positions count
/// through all parts. Blocks do not: each part has its own, of which the last may be partial.
///
/// A query opens a part only if its zone and its positions let it have selected tokens, and drops
/// it before it goes on to parts much further: a few small ones are open at a time.
pub trait Parts: Debug + Sync {
    /// Returns the number of parts.
    fn part_count(&self) -> usize;

    /// Returns the number of tokens of a part; a part may be empty.
    fn part_tokens(&self, part: usize) -> u64;

    /// Returns what is known of all tokens of a part without opening it. It is believed.
    fn part_zone(&self, part: usize) -> Option<&Zone>;

    /// Opens a part. It may be kept, to be returned again.
    ///
    /// Several threads may call it at once, also for the same part: a query opens parts on its
    /// workers.
    ///
    /// # Errors
    ///
    /// [`QueryError::Part`], which becomes the error of the query.
    fn open_part(&self, part: usize) -> Result<Arc<OpenPart>, QueryError>;
}

/// A part that is open: a source, with an index if it has one.
#[derive(Debug)]
pub struct OpenPart {
    held: Held,
    index: Option<Index>,
}

#[derive(Debug)]
enum Held {
    Tokens(Arc<[Token]>),
    Snapshot(Snapshot),
    Reader(BlockReader),
    Rows(ReaderRows),
}

impl OpenPart {
    /// Makes a part of tokens in memory.
    pub fn of_tokens(tokens: impl Into<Arc<[Token]>>) -> Self {
        Self {
            held: Held::Tokens(tokens.into()),
            index: None,
        }
    }

    /// Makes a part of the tokens of a mapped file, or of some of them; nothing is verified.
    ///
    /// # Errors
    ///
    /// [`QuestionError::OtherIndex`] if the snapshot is not the whole commit of the index.
    pub fn of_snapshot(snapshot: Snapshot, index: Option<Index>) -> Result<Self, QuestionError> {
        Self::with_index(Held::Snapshot(snapshot), index)
    }

    /// Makes a part of a file, which is read and verified block by block.
    ///
    /// # Errors
    ///
    /// [`QuestionError::OtherIndex`] if the index was opened for another commit.
    pub fn of_reader(reader: BlockReader, index: Option<Index>) -> Result<Self, QuestionError> {
        Self::with_index(Held::Reader(reader), index)
    }

    /// Makes a part of some rows of a file, see [`ReaderRows`].
    ///
    /// # Panics
    ///
    /// If the rows are not within the reader.
    pub fn of_reader_rows(reader: BlockReader, rows: Range<u64>) -> Self {
        Self {
            held: Held::Rows(ReaderRows::new(reader, rows)),
            index: None,
        }
    }

    /// Makes a part of rows of a file on any disk, by a pass over it: a file that is not the
    /// system's.
    ///
    /// # Errors
    ///
    /// [`QuestionError::OtherIndex`] if these rows are not the whole commit of the index.
    ///
    /// # Panics
    ///
    /// If the rows are not within the pass.
    pub fn of_pass(
        pass: BlockPass<'static>,
        rows: Range<u64>,
        index: Option<Index>,
    ) -> Result<Self, QuestionError> {
        Self::with_index(Held::Rows(ReaderRows::of_pass(pass, rows)), index)
    }

    fn with_index(held: Held, index: Option<Index>) -> Result<Self, QuestionError> {
        let part = Self { held, index };
        let other = |index: &Index| part.source().commit() != Some(*index.commit());
        match part.index.as_ref().is_some_and(other) {
            true => Err(QuestionError::OtherIndex),
            false => Ok(part),
        }
    }

    /// Returns its tokens.
    pub fn source(&self) -> Source<'_> {
        match &self.held {
            Held::Tokens(tokens) => Source::Tokens(tokens),
            Held::Snapshot(snapshot) => Source::Snapshot(snapshot),
            Held::Reader(reader) => Source::Reader(reader),
            Held::Rows(rows) => Source::Rows(rows),
        }
    }

    /// Returns its index.
    pub fn index(&self) -> Option<&Index> {
        self.index.as_ref()
    }
}

/// Opens a part, and checks that it has the tokens it is to have.
pub(crate) fn open_part(parts: &dyn Parts, part: usize) -> Result<Arc<OpenPart>, QueryError> {
    let (opened, expected) = (parts.open_part(part)?, parts.part_tokens(part));
    match opened.source().len() {
        tokens if tokens == expected => Ok(opened),
        tokens => Err(QueryError::PartTokens {
            part,
            tokens,
            expected,
        }),
    }
}
