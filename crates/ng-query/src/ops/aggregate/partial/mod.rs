//! Measures of some of the tokens, to be merged with those of the others: between processes, as
//! bytes.

mod bytes;

use std::fmt;

use super::assemble::{Counted, Whole, merged};
use super::grouping::bits_of;
use super::needs::Needs;
use super::quantiles::Quantiles;
use super::weights::{BlockSum, Totals};
use super::{GROUPS, GroupBy, Groups, Measure, check};
use crate::memory::reserve;
use crate::{Answer, Query, QueryError, QuestionError};

/// More tokens than this are not merged, so that no sum overflows.
const MOST_TOKENS: u64 = 1 << 62;

/// The measures of some of the tokens: what [`Query::aggregate`] of all of them needs to know.
///
/// Partial answers over adjacent ranges of tokens are merged in the order of the tokens, and then
/// finished. If all ranges but the last are of whole blocks of 4096, the result is that of one query
/// over all tokens, bit for bit.
///
/// For sums of weights it keeps 28 bytes for each group of each block, until
/// [`fold`](Self::fold) is called.
///
/// ```
/// use ng_query::ng_parallel::Workers;
/// use ng_query::{Measure, Partial, Query};
/// use ng_token::Token;
///
/// let tokens: Vec<_> = (0..10_000).map(|id| Token::new(id).with_weight(0.1)).collect();
/// let workers = Workers::new(2)?;
/// let measures = Measure::list("count, mean(weight), distinct(id)")?;
/// // Each on a machine of its own.
/// let (left, right) = tokens.split_at(8_192);
/// let partial = |part| Query::new(part, &workers).aggregate_partial(&[], &measures);
/// let sent = partial(right)?.value.to_bytes();
///
/// let mut all = partial(left)?.value;
/// all.merge(Partial::from_bytes(&sent)?)?;
/// let one = Query::new(&tokens, &workers).aggregate(&[], &measures)?;
/// assert_eq!(all.finish()?, one.value);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Partial {
    group_by: Vec<GroupBy>,
    measures: Vec<Measure>,
    /// Ascending by code.
    groups: Vec<Counted>,
    /// What was folded: nothing comes before it.
    totals: Option<Totals>,
    /// The sums of the blocks after that.
    sums: Vec<BlockSum>,
}

/// Why partial answers cannot be read, or merged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PartialError {
    /// These are no bytes of a partial answer, or of another version.
    #[error("no partial answer of version {expected}")]
    Version {
        /// The version that is read.
        expected: u32,
    },

    /// The bytes contradict themselves, end too soon, or go on.
    #[error("a partial answer with a flaw before byte {offset}: {what}")]
    Flaw {
        /// How far they were read.
        offset: usize,
        /// What is wrong.
        what: &'static str,
    },

    /// The answers are to different questions.
    #[error("partial answers to different questions")]
    OtherQuestion,

    /// What is merged was folded: nothing can come before it.
    #[error("a partial answer that was folded comes first, not after another one")]
    Folded,

    /// There are more tokens than can be counted.
    #[error("partial answers of more than {most} tokens")]
    TooManyTokens {
        /// The limit.
        most: u64,
    },

    /// There are too many groups, or there is no memory.
    #[error(transparent)]
    Query(#[from] QueryError),
}

impl Query<'_> {
    /// Does what [`aggregate`](Self::aggregate) does for tokens of which others have the rest.
    ///
    /// # Errors
    ///
    /// As [`aggregate`](Self::aggregate), and [`QuestionError::TwoPasses`] for a quantile of a
    /// column of 32 bits: its second pass depends on all tokens.
    pub fn aggregate_partial(
        &self,
        group_by: &[GroupBy],
        measures: &[Measure],
    ) -> Result<Answer<Partial>, QueryError> {
        check_partial(group_by, measures)?;
        let needs = Needs::new(group_by, measures);
        let mut all = Vec::new();
        let add = |sums: Vec<BlockSum>| {
            reserve(&mut all, sums.len(), GROUPS)?;
            all.extend(sums);
            Ok(())
        };
        let (groups, stats) = self.count_groups(&needs, add)?;
        let value = Partial {
            group_by: needs.group_by,
            measures: measures.to_vec(),
            groups,
            totals: None,
            sums: all,
        };
        Ok(Answer { value, stats })
    }
}

fn check_partial(group_by: &[GroupBy], measures: &[Measure]) -> Result<(), QuestionError> {
    check(group_by, measures)?;
    match measures.iter().find(|measure| measure.takes_two_passes()) {
        Some(measure) => Err(QuestionError::TwoPasses {
            measure: measure.to_string(),
        }),
        None => Ok(()),
    }
}

impl Partial {
    /// Returns what the tokens are grouped by.
    pub fn group_by(&self) -> &[GroupBy] {
        &self.group_by
    }

    /// Returns the measures.
    pub fn measures(&self) -> &[Measure] {
        &self.measures
    }

    /// Returns the number of tokens that were measured.
    pub fn token_count(&self) -> u64 {
        self.groups.iter().map(|group| group.count).sum()
    }

    /// Adds the answer over the tokens that come after those of this one.
    ///
    /// # Errors
    ///
    /// [`PartialError`]; after one this answer is of no use.
    pub fn merge(&mut self, next: Self) -> Result<(), PartialError> {
        if (&self.group_by, &self.measures) != (&next.group_by, &next.measures) {
            return Err(PartialError::OtherQuestion);
        }
        if next.totals.is_some() {
            return Err(PartialError::Folded);
        }
        if self.token_count() + next.token_count() > MOST_TOKENS {
            return Err(PartialError::TooManyTokens { most: MOST_TOKENS });
        }
        let needs = self.needs();
        let mut groups = std::mem::take(&mut self.groups);
        reserve(&mut groups, next.groups.len(), GROUPS)?;
        groups.extend(next.groups);
        self.groups = merged(groups, &needs)?;
        match &mut self.totals {
            Some(totals) => next.sums.iter().try_for_each(|block| totals.add(block))?,
            None => {
                reserve(&mut self.sums, next.sums.len(), GROUPS)?;
                self.sums.extend(next.sums);
            }
        }
        Ok(())
    }

    /// Adds up the sums of the blocks so far, and those of all answers that are merged from now on:
    /// it keeps some bytes for each group then, not for each block. It is for the first tokens, as
    /// no others can come before them after that.
    ///
    /// # Errors
    ///
    /// [`QueryError::OutOfMemory`].
    pub fn fold(&mut self) -> Result<(), QueryError> {
        let bits = bits_of(&self.group_by);
        let totals = self.totals.get_or_insert_with(|| Totals::new(bits));
        let sums = std::mem::take(&mut self.sums);
        sums.iter().try_for_each(|block| totals.add(block))
    }

    /// Completes the answer, once all others are merged.
    ///
    /// # Errors
    ///
    /// [`QueryError::OutOfMemory`].
    pub fn finish(mut self) -> Result<Groups, QueryError> {
        self.fold()?;
        let needs = self.needs();
        let totals = self.totals.unwrap_or_else(|| Totals::new(0));
        let whole = Whole::new(self.groups, totals, &needs)?;
        let (quantiles, _none) = Quantiles::of_first_pass(&whole, &self.measures, &needs)?;
        whole.assemble(&self.measures, &quantiles)
    }

    fn needs(&self) -> Needs {
        Needs::new(&self.group_by, &self.measures)
    }
}

impl fmt::Debug for Partial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Partial")
            .field("group_by", &self.group_by)
            .field("measures", &self.measures)
            .field("groups", &self.groups.len())
            .finish_non_exhaustive()
    }
}
