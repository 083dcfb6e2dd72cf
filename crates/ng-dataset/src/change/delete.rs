use ng_parallel::Workers;
use ng_query::{Filter, Matcher};
use ng_store::disk::{Dir, Followed};
use ng_token::Token;

use super::edit::remove_at;
use super::{ChangeOptions, ChangeReport, Edit, Tally, now_s};
use crate::{Dataset, DatasetError, Verb};

impl<R: Dir> Dataset<R>
where
    R::File: Followed + 'static,
{
    /// Deletes the rows that a filter selects, in one new generation, see
    /// [`update`](Self::update). A shard of which no row is left goes.
    ///
    /// # Errors
    ///
    /// Those of [`update`](Self::update), but for what assignments cannot store.
    pub fn delete(
        &self,
        workers: &Workers,
        filter: &Filter,
        options: &ChangeOptions,
    ) -> Result<ChangeReport, DatasetError> {
        let edit = Delete {
            matcher: Matcher::new(filter, now_s()),
            indices: Vec::new(),
        };
        self.change(Verb::Delete, workers, options, edit)
    }
}

struct Delete {
    matcher: Matcher,
    indices: Vec<usize>,
}

impl Edit for Delete {
    type Error = DatasetError;

    const KEEPS_COUNT: bool = false;

    fn matcher(&self) -> &Matcher {
        &self.matcher
    }

    fn edit(
        &mut self,
        tokens: &mut Vec<Token>,
        first_position: u64,
    ) -> Result<Tally, DatasetError> {
        let indices = &mut self.indices;
        self.matcher.select(tokens, first_position, indices)?;
        remove_at(tokens, indices);
        let deleted = indices.len() as u64;
        Ok(Tally {
            matched: deleted,
            changed: 0,
            deleted,
        })
    }

    fn keeps_order(&self, _order: &str) -> bool {
        true
    }
}
