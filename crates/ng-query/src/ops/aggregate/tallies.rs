use super::needs::Needs;
use super::tally::Tally;
use super::weights::BlockSum;
use crate::QueryError;
use crate::pool::Pool;
use crate::scan::Stage;

/// What all workers count.
///
/// Each worker keeps its own tally while its groups are few; blocks of more groups go to a tally
/// that all share, in turns. So memory never holds more than twice the most groups that are
/// counted, for any number of threads.
pub(super) struct Tallies<'g> {
    needs: &'g Needs,
    own: Pool<Tally<'g>>,
    shared: Pool<Tally<'g>>,
    most_own: usize,
}

impl<'g> Tallies<'g> {
    pub(super) fn new(needs: &'g Needs, threads: usize) -> Self {
        Self {
            needs,
            own: Pool::new(),
            shared: Pool::of_one(),
            most_own: (needs.most_own_groups() / threads).max(1),
        }
    }

    /// Counts a block whose columns are loaded; the sums of its weights go to `sums`.
    ///
    /// # Errors
    ///
    /// [`QueryError::OutOfMemory`], and [`QueryError::TooManyGroups`] if one tally has too many. If
    /// only all tallies together have too many, that is found at the end.
    pub(super) fn add(
        &self,
        stage: &Stage<'_>,
        sums: &mut Vec<BlockSum>,
    ) -> Result<(), QueryError> {
        let most = self.needs.most_groups();
        let is_counted = self.own.with(
            || Tally::new(self.needs, self.most_own),
            |tally| tally.add(stage, sums),
        )?;
        let is_counted = is_counted
            || self.shared.with(
                || Tally::new(self.needs, most),
                |tally| tally.add(stage, sums),
            )?;
        match is_counted {
            true => Ok(()),
            false => Err(QueryError::TooManyGroups { most }),
        }
    }

    pub(super) fn into_inner(self) -> impl Iterator<Item = Tally<'g>> {
        self.own
            .into_inner()
            .into_iter()
            .chain(self.shared.into_inner())
    }
}
