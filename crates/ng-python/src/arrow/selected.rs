use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use ng_arrow::Positions;
use ng_parallel::Workers;
use ng_query::index::Index;
use ng_store::BLOCK_TOKENS;
use ng_token::Token;

use crate::error::Error;
use crate::query::{Question, Subject};
use crate::room::append;
use crate::shown::Shown;

/// The tokens that a query matches, in order, some at a time, so that memory does not grow with
/// them.
///
/// The exception: filtering a part of a file that was opened with `mode="read"` reads that part
/// first.
pub(super) struct Selected {
    question: Question,
    subject: Subject,
    index: Option<Arc<Index>>,
    /// When it began: the time for `valid`, to the end.
    now: u32,
    /// The positions that are still to be looked at.
    left: Range<usize>,
}

/// How many tokens are looked at in one go: 16 MiB.
const STRETCH: usize = 64 * BLOCK_TOKENS;

impl Selected {
    pub(super) fn of(question: Question) -> Result<Self, Error> {
        let subject = question.subject()?;
        Ok(Self {
            index: question.index_of(&subject),
            now: question.now(),
            question,
            left: subject.positions(),
            subject,
        })
    }

    /// Whether Python may be called to read.
    pub(super) fn is_read_by_python(&self) -> bool {
        matches!(self.subject.shown(), Shown::Shards(shards, _) if shards.is_read_by_python())
    }

    /// Calls `take` with the matching ones of the next tokens; tells whether there were any to look
    /// at.
    pub(super) fn next(
        &mut self,
        workers: &Workers,
        take: impl FnOnce(&[Token], Positions<'_>) -> Result<(), Error>,
    ) -> Result<bool, Error> {
        let start = self.left.start;
        let end = self.left.end.min(start + STRETCH);
        if start >= end {
            return Ok(false);
        }
        if self.question.wants_all() {
            let some = self.subject.shown().slice(start..end);
            let first = Positions::From(start as u64);
            some.with_tokens(workers, |tokens| take(tokens, first))?;
        } else {
            let (positions, tokens) = self.matching(workers, start as u64..end as u64)?;
            take(&tokens, Positions::Each(&positions))?;
        }
        self.left.start = end;
        Ok(true)
    }

    fn matching(
        &mut self,
        workers: &Workers,
        range: Range<u64>,
    ) -> Result<(Vec<u64>, Vec<Token>), Error> {
        self.bring_in(workers)?;
        let (mut positions, mut tokens) = (Vec::new(), Vec::new());
        let Self {
            question,
            subject,
            index,
            now,
            ..
        } = self;
        subject.shown().with_source(workers, |source| {
            let query = question.query_at(*now, subject, source, workers, index.as_deref())?;
            query.positions_within(range).tokens(|places, records| {
                append(&mut positions, places.iter().copied())?;
                append(&mut tokens, records.iter().copied())?;
                Ok::<_, Error>(ControlFlow::Continue(()))
            })?;
            Ok(())
        })?;
        Ok((positions, tokens))
    }

    /// A part of a file or of a dataset is read once, not for each stretch.
    fn bring_in(&mut self, workers: &Workers) -> Result<(), Error> {
        let is_part = match self.subject.shown() {
            Shown::File(file, range) => (range.len() as u64) < file.reader().len(),
            Shown::Shards(shards, range) => range.len() < shards.len(),
            Shown::Memory(..) | Shown::Map(_) => false,
        };
        if is_part {
            self.subject = Subject::at_hand(self.subject.shown().at_hand(workers)?);
        }
        Ok(())
    }
}
