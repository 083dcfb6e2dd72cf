use std::ops::ControlFlow;

use ng_arrow::Column;
use ng_token::TokenId;

use super::find::Found;
use super::seen::Seen;
use crate::memory::{collected, push};
use crate::pool::Pool;
use crate::{Answer, Query, QueryError, Stats};

/// The ids that more than one selected token has.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Duplicates {
    /// The number of such ids.
    pub id_count: u64,
    /// How many tokens repeat the id of an earlier one.
    pub repeats: u64,
    /// The least such ids, as many as were asked for, with all their positions.
    pub ids: Vec<Found>,
}

/// What memory that grows with the answer is for.
const IDS: &str = "the ids of duplicates";

impl Query<'_> {
    /// Finds ids that more than one selected token has, and the positions of the `limit` least of
    /// them.
    ///
    /// It takes one pass, and another for the positions. Its memory is at most 642 MiB for any
    /// number of threads: 8 KiB for each 65,536 ids with the same upper 16 bits if any of them
    /// occurs, and as much again if one occurs twice. If more than 16,384 of those groups have
    /// repetitions, the rest takes up to three more passes. The positions in the answer come on
    /// top.
    ///
    /// # Errors
    ///
    /// [`QueryError`].
    pub fn duplicates(&self, limit: usize) -> Result<Answer<Duplicates>, QueryError> {
        self.duplicates_in(Seen::new(), limit)
    }

    pub(super) fn duplicates_in(
        &self,
        seen: Seen,
        limit: usize,
    ) -> Result<Answer<Duplicates>, QueryError> {
        let (tokens, mut stats) = self.see(&seen)?;
        let repeats = tokens - seen.once_count();
        let (mut id_count, mut least) = (0, Vec::new());
        let mut rest = Some(seen);
        while let Some(seen) = rest {
            id_count += seen.twice_count();
            for id in seen.twice().take(limit) {
                push(&mut least, id, IDS)?;
            }
            rest = seen.of_left();
            if let Some(seen) = &rest {
                stats.add_pass(&self.see(seen)?.1);
            }
        }
        least.sort_unstable();
        least.truncate(limit);
        let least = collected(least.into_iter().map(TokenId::from), IDS)?;
        let ids = match least.is_empty() {
            true => Vec::new(),
            false => {
                let found = self.find(&least)?;
                stats.add_pass(&found.stats);
                found.value
            }
        };
        let value = Duplicates {
            id_count,
            repeats,
            ids,
        };
        Ok(Answer { value, stats })
    }

    /// Adds all selected ids to `seen`, and returns how many there are.
    fn see(&self, seen: &Seen) -> Result<(u64, Stats), QueryError> {
        let mut tokens = 0;
        let buffers = Pool::new();
        let stats = self.scan().run(
            || 0,
            |tokens, stage| {
                stage.load(&[Column::Id])?;
                let ids = stage.lanes.u32(Column::Id);
                *tokens += stage.selected_count() as u64;
                match stage.selected() {
                    None => seen.add(ids)?,
                    Some(_) => buffers.with(Vec::new, |buffer| {
                        buffer.clear();
                        stage.for_each_selected(|place| buffer.push(ids[place]));
                        seen.add(buffer)
                    })?,
                }
                Ok(())
            },
            |counted| {
                tokens += counted;
                Ok::<_, QueryError>(ControlFlow::Continue(()))
            },
        )?;
        Ok((tokens, stats))
    }
}
