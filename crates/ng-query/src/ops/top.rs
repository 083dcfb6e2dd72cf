use std::ops::ControlFlow;

use ng_arrow::Column;
use ng_store::BLOCK_TOKENS;

use super::best::{Best, Bound};
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

/// A token by its place among others.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Ranked {
    /// Where it stands.
    pub position: u64,
    /// Its value, in the units of the column.
    pub value: Value,
}

impl Query<'_> {
    /// Finds the `k` selected tokens with the greatest or the least values of a column, in
    /// that order; of equal ones those that stand first. NaN is left out. There are fewer
    /// than `k` where no more have a value.
    ///
    /// # Errors
    ///
    /// [`QueryError::Question`] for a `k` of 0, and for positions; and the others of
    /// [`QueryError`].
    pub fn top(
        &self,
        k: usize,
        column: Column,
        end: End,
    ) -> Result<Answer<Vec<Ranked>>, QueryError> {
        if k == 0 {
            return Err(QuestionError::NoneWanted.into());
        }
        if column == Column::Position {
            return Err(QuestionError::NotStored { column }.into());
        }
        let (bound, pool) = (Bound::new(), Pool::new());
        let ranking = Ranking { column, end };
        let stats = self.scan().run(
            || (),
            |(), stage| {
                stage.load(&[column])?;
                pool.with(
                    || (Best::new(k, &bound), Box::new([0; BLOCK_TOKENS])),
                    |(best, keys)| ranking.offer(stage, keys, best, bound.get()),
                );
                Ok(())
            },
            |()| Ok::<_, QueryError>(ControlFlow::Continue(())),
        )?;
        let mut best = Best::new(k, &bound);
        pool.into_inner()
            .into_iter()
            .for_each(|(own, _)| best.merge(own));
        let value = best
            .into_sorted()
            .into_iter()
            .map(|(rank, position)| Ranked {
                position,
                value: value_of(column, ranking.flip(rank as u32)),
            });
        Ok(Answer {
            value: value.collect(),
            stats,
        })
    }
}

#[derive(Clone, Copy)]
struct Ranking {
    column: Column,
    end: End,
}

impl Ranking {
    /// Turns keys into ranks, the least of which are the best, and back.
    fn flip(self, key: u32) -> u32 {
        match self.end {
            End::Least => key,
            End::Greatest => !key,
        }
    }

    fn offer(self, stage: &mut Stage<'_>, keys: &mut Keys, best: &mut Best<'_>, bound: u64) {
        keys_of(&stage.lanes, self.column, keys);
        let bound = u32::try_from(bound).unwrap_or(u32::MAX);
        let (low, high) = match self.end {
            End::Least => (0, bound),
            End::Greatest => (!bound, u32::MAX),
        };
        let mut mask = stage.masks.take();
        let len = stage.len();
        stage
            .kernels
            .range_u32(&keys[..len], low, high, &mut mask[..len]);
        if let Some(selected) = stage.selected() {
            stage.kernels.and(&mut mask[..len], selected);
        }
        let first = stage.first();
        crate::scan::for_each_one(&mask[..len], |place| {
            let key = keys[place];
            if self.column != Column::Weight || key != NAN_KEY {
                best.offer(self.flip(key).into(), first + place as u64);
            }
        });
        stage.masks.give(mask);
    }
}
