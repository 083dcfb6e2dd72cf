use std::collections::HashMap;
use std::ops::ControlFlow;

use ng_arrow::Column;
use ng_token::TokenId;

use crate::bound::{Bound, Condition, Number};
use crate::{Answer, Query, QueryError};

/// Where the tokens of an id are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// The id.
    pub id: TokenId,
    /// The positions of the selected tokens that have it, ascending.
    pub positions: Vec<u64>,
}

impl Query<'_> {
    /// Finds the positions of tokens by id, all ids in one pass.
    ///
    /// The answer has one entry for each id, in the order in which they are given, those
    /// that no token has as well.
    ///
    /// # Errors
    ///
    /// [`QueryError`].
    pub fn find(&self, ids: &[TokenId]) -> Result<Answer<Vec<Found>>, QueryError> {
        let mut positions: HashMap<u32, Vec<u64>> = HashMap::new();
        let stats = self.and(one_of(ids)).streaming_scan().run(
            Vec::new,
            |found, stage| {
                stage.load(&[Column::Id])?;
                let (ids, first) = (stage.lanes.u32(Column::Id), stage.first());
                stage.for_each_selected(|place| found.push((ids[place], first + place as u64)));
                Ok(())
            },
            |found| {
                for (id, position) in found {
                    positions.entry(id).or_default().push(position);
                }
                Ok::<_, QueryError>(ControlFlow::Continue(()))
            },
        )?;
        let value = ids.iter().map(|&id| Found {
            id,
            positions: positions.get(&id.raw()).cloned().unwrap_or_default(),
        });
        Ok(Answer {
            value: value.collect(),
            stats,
        })
    }
}

fn one_of(ids: &[TokenId]) -> Bound {
    let mut ids: Vec<u32> = ids.iter().map(|id| id.raw()).collect();
    ids.sort_unstable();
    ids.dedup();
    match ids.as_slice() {
        [] => Bound::Nothing,
        [id] => Bound::Is(Condition::Id(*id..=*id)),
        _ => Bound::Is(Condition::OneOf(Number::Id, ids)),
    }
}
