use std::ops::{ControlFlow, RangeInclusive};

use ng_arrow::Column;
use ng_store::BLOCK_TOKENS;

use super::best::{Best, Bound, sort};
use crate::memory::collected;
use crate::ordered::{Keys, NAN_KEY, keys_of, value_of};
use crate::pool::Pool;
use crate::scan::Stage;
use crate::{Answer, Query, QueryError, QuestionError, Value};

/// From which end values are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// The greatest first.
    #[default]
    Greatest,
    /// The least first.
    Least,
}

/// The tokens at one end of a column.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Top {
    /// The tokens, in order.
    pub ranked: Vec<Ranked>,
    /// How many selected tokens were left out because their weight is NaN.
    pub nan_weights: u64,
}

/// A token by its rank.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Ranked {
    /// Its position.
    pub position: u64,
    /// Its value, in the units of the column.
    pub value: Value,
}

impl Query<'_> {
    /// Finds the `k` selected tokens with the greatest or the least values of a column, in that
    /// order, ties by position. NaN is left out and counted. There are fewer than `k` if no more
    /// tokens have a value.
    ///
    /// A worker holds up to twice `k` of them in memory, 16 bytes each.
    ///
    /// # Errors
    ///
    /// [`QueryError::Question`] for a `k` of 0, and for positions; and the others of
    /// [`QueryError`].
    pub fn top(&self, k: usize, column: Column, end: End) -> Result<Answer<Top>, QueryError> {
        if k == 0 {
            return Err(QuestionError::NoneWanted.into());
        }
        if column == Column::Position {
            return Err(QuestionError::NotStored { column }.into());
        }
        let (bound, pool) = (Bound::new(), Pool::new());
        let ranking = Ranking { column, end };
        let mut nan_weights = 0;
        let scan = self.scan();
        let stats = scan.run(
            || 0,
            |nan, stage| {
                stage.load(&[column])?;
                pool.with(
                    || (Best::new(k, &bound), Box::new([0; BLOCK_TOKENS])),
                    |(best, keys)| {
                        *nan += ranking.offer(stage, keys, best, bound.get());
                        best.check()
                    },
                )
            },
            |nan| {
                nan_weights += nan;
                Ok::<_, QueryError>(ControlFlow::Continue(()))
            },
        )?;
        let own = pool.into_inner().into_iter().map(|(best, _)| best);
        let mut best = Best::of_all(own, &scan.stop)?;
        sort(&mut best, &scan.stop)?;
        let ranked = best.into_iter().map(|(rank, position)| Ranked {
            position,
            value: value_of(column, ranking.flip(rank as u32)),
        });
        let value = Top {
            ranked: collected(ranked, "the tokens of a top")?,
            nan_weights,
        };
        Ok(Answer { value, stats })
    }
}

#[derive(Clone, Copy)]
struct Ranking {
    column: Column,
    end: End,
}

impl Ranking {
    /// Turns keys into ranks, least rank best, and back.
    fn flip(self, key: u32) -> u32 {
        match self.end {
            End::Least => key,
            End::Greatest => !key,
        }
    }

    /// Offers the selected; returns how many are NaN, which are not offered.
    fn offer(self, stage: &mut Stage<'_>, keys: &mut Keys, best: &mut Best<'_>, bound: u64) -> u64 {
        keys_of(&stage.lanes, self.column, keys);
        let bound = u32::try_from(bound).unwrap_or(u32::MAX);
        let (low, high) = match self.end {
            End::Least => (0, bound),
            End::Greatest => (!bound, u32::MAX),
        };
        let is_weight = self.column == Column::Weight;
        let mut mask = stage.masks.take();
        let nan = match is_weight {
            true => select(stage, keys, NAN_KEY..=NAN_KEY, &mut mask),
            false => 0,
        };
        select(stage, keys, low..=high, &mut mask);
        let first = stage.first();
        crate::scan::for_each_one(&mask[..stage.len()], |place| {
            let key = keys[place];
            if !is_weight || key != NAN_KEY {
                best.offer(self.flip(key).into(), first + place as u64);
            }
        });
        stage.masks.give(mask);
        nan as u64
    }
}

/// Sets a byte for each selected token whose key is in a range, and counts them.
fn select(
    stage: &Stage<'_>,
    keys: &Keys,
    range: RangeInclusive<u32>,
    mask: &mut [u8; BLOCK_TOKENS],
) -> usize {
    let (kernels, mask) = (stage.kernels, &mut mask[..stage.len()]);
    kernels.range_u32(&keys[..mask.len()], *range.start(), *range.end(), mask);
    if let Some(selected) = stage.selected() {
        kernels.and(mask, selected);
    }
    kernels.count(mask)
}
