use std::ops::ControlFlow;

use ng_arrow::Column;
use ng_token::TokenId;

use super::find::Found;
use super::id_set::IdSet;
use crate::pool::Pool;
use crate::{Answer, Query, QueryError};

/// The ids that more than one selected token has.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Duplicates {
    /// How many ids those are.
    pub id_count: u64,
    /// How many tokens have an id that another one before them has: so many are too many.
    pub repeats: u64,
    /// The least of them, with all their positions: as many as were asked for.
    pub ids: Vec<Found>,
}

impl Query<'_> {
    /// Finds ids that more than one selected token has, and where the `limit` least of them
    /// are.
    ///
    /// It takes a pass, and one more for the positions; and 16 KiB of memory a thread for
    /// each 65,536 ids that have the same upper 16 bits, if there is any among them: at most
    /// 1 GiB a thread.
    ///
    /// # Errors
    ///
    /// [`QueryError`].
    pub fn duplicates(&self, limit: usize) -> Result<Answer<Duplicates>, QueryError> {
        let pool = Pool::new();
        let mut tokens = 0;
        let mut stats = self.scan().run(
            || 0,
            |tokens, stage| {
                stage.load(&[Column::Id])?;
                let ids = stage.lanes.u32(Column::Id);
                *tokens += stage.selected_count() as u64;
                pool.with(Seen::default, |seen| {
                    stage.for_each_selected(|place| seen.add(ids[place]));
                });
                Ok(())
            },
            |counted| {
                tokens += counted;
                Ok::<_, QueryError>(ControlFlow::Continue(()))
            },
        )?;
        let mut workers = pool.into_inner().into_iter();
        let mut seen = workers.next().unwrap_or_default();
        workers.for_each(|own| seen.merge(&own));
        let least: Vec<TokenId> = seen.twice.iter().take(limit).map(TokenId::from).collect();
        let ids = match least.is_empty() {
            true => Vec::new(),
            false => {
                let found = self.find(&least)?;
                stats.add_pass(&found.stats);
                found.value
            }
        };
        Ok(Answer {
            value: Duplicates {
                id_count: seen.twice.count(),
                repeats: tokens - seen.once.count(),
                ids,
            },
            stats,
        })
    }
}

/// Which ids were seen, and which of them more than once.
#[derive(Default)]
struct Seen {
    once: IdSet,
    twice: IdSet,
}

impl Seen {
    fn add(&mut self, id: u32) {
        if !self.once.add(id) {
            self.twice.add(id);
        }
    }

    fn merge(&mut self, other: &Self) {
        self.twice.merge(&other.twice);
        self.twice.merge_common(&self.once, &other.once);
        self.once.merge(&other.once);
    }
}
