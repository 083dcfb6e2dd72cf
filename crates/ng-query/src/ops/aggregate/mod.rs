//! Measures of tokens, in groups.
//!
//! Each worker counts in a tally what may be counted in any order; sums of weights are made block
//! by block and added in the order of the blocks.

mod assemble;
mod batch;
mod call;
mod distinct;
mod group_by;
mod grouping;
mod groups;
mod measure;
mod needs;
mod partial;
mod quantiles;
mod tallies;
mod tally;
mod ungrouped;
mod value_counts;
mod weights;

use std::ops::ControlFlow;

pub use group_by::{GroupBy, Key};
pub use groups::{Group, Groups, Value};
pub use measure::Measure;
pub use partial::{Partial, PartialError};

use crate::{Answer, Query, QueryError, QuestionError, Stats};
use assemble::{Counted, Whole, added_up};
use grouping::{FEW_BITS, bits_of};
use needs::Needs;
use tallies::Tallies;
use weights::{BlockSum, Totals};

/// What memory that grows with the groups is for.
const GROUPS: &str = "groups";
/// What memory that grows with the number of distinct values is for.
const VALUES: &str = "the values of a column";

/// The most bits of a group's code.
const CODE_BITS: u32 = 64;

impl Query<'_> {
    /// Measures the selected tokens, all together or in groups.
    ///
    /// Whole numbers, extremes, quantiles and counts are exact. Weights are summed block by block,
    /// in an order that is the same for any number of threads, with or without an index; a sorted
    /// copy has another order. Quantiles of 32-bit columns take a second pass.
    ///
    /// # Errors
    ///
    /// [`QueryError::Question`] for measures that make no sense, a key or measure that occurs
    /// twice, or keys of groups that need more than 64 bits; [`QueryError::TooManyGroups`] for more
    /// than 2^20 groups, or more than 4096 with quantiles or distinct values, whatever the number
    /// of threads; and the others of [`QueryError`].
    pub fn aggregate(
        &self,
        group_by: &[GroupBy],
        measures: &[Measure],
    ) -> Result<Answer<Groups>, QueryError> {
        check(group_by, measures)?;
        let needs = Needs::new(group_by, measures);
        let mut totals = Totals::new(bits_of(group_by));
        let add = |sums: Vec<BlockSum>| sums.iter().try_for_each(|block| totals.add(block));
        let (groups, mut stats) = self.count_groups(&needs, add)?;
        let whole = Whole::new(groups, totals, &needs)?;
        let quantiles = self.quantiles(&whole, measures, &needs, &mut stats)?;
        let value = whole.assemble(measures, &quantiles)?;
        Ok(Answer { value, stats })
    }

    /// Counts all groups in one pass; `add` gets the sums of the blocks' weights, in order.
    fn count_groups(
        &self,
        needs: &Needs,
        mut add: impl FnMut(Vec<BlockSum>) -> Result<(), QueryError>,
    ) -> Result<(Vec<Counted>, Stats), QueryError> {
        let tallies = Tallies::new(needs, self.scan().workers.threads());
        let mut scan = self.scan();
        if bits_of(&needs.group_by) > FEW_BITS {
            scan.wave = self.streaming_scan().wave;
        }
        let stats = scan.run(
            Vec::new,
            |sums, stage| {
                stage.load(&needs.loads)?;
                tallies.add(stage, sums)
            },
            |sums| {
                add(sums)?;
                Ok::<_, QueryError>(ControlFlow::Continue(()))
            },
        )?;
        Ok((added_up(tallies.into_inner(), needs)?, stats))
    }
}

fn check(group_by: &[GroupBy], measures: &[Measure]) -> Result<(), QuestionError> {
    for measure in measures {
        measure.check()?;
    }
    for by in group_by {
        by.check()?;
    }
    once(measures)?;
    once(group_by)?;
    let bits = bits_of(group_by);
    match bits <= CODE_BITS {
        true => Ok(()),
        false => Err(QuestionError::GroupKeys {
            bits,
            most: CODE_BITS,
        }),
    }
}

/// Refuses repetitions: they would make two columns of one name.
fn once<T: PartialEq + ToString>(asked: &[T]) -> Result<(), QuestionError> {
    for (place, one) in asked.iter().enumerate() {
        if asked[..place].contains(one) {
            return Err(QuestionError::Twice {
                what: one.to_string(),
            });
        }
    }
    Ok(())
}
