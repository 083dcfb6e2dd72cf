use std::ops::ControlFlow;

use crate::scan::Stage;
use crate::select::Selector;
use crate::{Answer, Filter, Query, QueryError};

impl Query<'_> {
    /// Counts the selected tokens.
    ///
    /// # Errors
    ///
    /// [`QueryError`].
    pub fn count(&self) -> Result<Answer<u64>, QueryError> {
        let mut value = 0;
        let stats = self.scan().without_looks().run(
            || 0,
            add_selected,
            |count| {
                value += count;
                Ok::<_, QueryError>(ControlFlow::Continue(()))
            },
        )?;
        Ok(Answer { value, stats })
    }

    /// Tells whether any token is selected; stops at the first one, apart from what other threads
    /// look at meanwhile.
    ///
    /// # Errors
    ///
    /// [`QueryError`].
    pub fn any(&self) -> Result<Answer<bool>, QueryError> {
        let mut value = false;
        let stats = self.scan().without_looks().run(
            || 0,
            add_selected,
            |count| {
                value = count > 0;
                Ok::<_, QueryError>(match value {
                    true => ControlFlow::Break(()),
                    false => ControlFlow::Continue(()),
                })
            },
        )?;
        Ok(Answer { value, stats })
    }

    /// Counts how many of the selected tokens match each of several filters, in one pass; `valid`
    /// means at `now`, in seconds since 1970 UTC.
    ///
    /// Zones and positions save no work for these filters.
    ///
    /// # Errors
    ///
    /// [`QueryError`].
    pub fn count_each_at(
        &self,
        filters: &[Filter],
        now: u32,
    ) -> Result<Answer<Vec<u64>>, QueryError> {
        let selectors = filters.iter().map(|filter| Selector::new(filter.bind(now)));
        let selectors: Vec<Selector> = selectors.collect();
        let mut value = vec![0; filters.len()];
        let stats = self.scan().run(
            || (vec![0; filters.len()], vec![0; filters.len()]),
            |(counts, block), stage| {
                // A block that turns out to be damaged counts for none of them.
                for (count, selector) in block.iter_mut().zip(&selectors) {
                    *count = count_matching(stage, selector)?;
                }
                add(counts, block);
                Ok(())
            },
            |(counts, _)| {
                add(&mut value, &counts);
                Ok::<_, QueryError>(ControlFlow::Continue(()))
            },
        )?;
        Ok(Answer { value, stats })
    }
}

fn add(sums: &mut [u64], more: &[u64]) {
    for (sum, more) in sums.iter_mut().zip(more) {
        *sum += more;
    }
}

/// How many selected tokens of a block another filter selects as well.
fn count_matching(stage: &mut Stage<'_>, selector: &Selector) -> Result<u64, QueryError> {
    let (kernels, len) = (stage.kernels, stage.len());
    let mut mask = stage.masks.take();
    let done = selector.evaluate(stage, &mut mask[..len]);
    if let Some(selected) = stage.selected() {
        kernels.and(&mut mask[..len], selected);
    }
    let count = kernels.count(&mask[..len]) as u64;
    stage.masks.give(mask);
    done.map(|()| count)
}

fn add_selected(count: &mut u64, stage: &mut Stage<'_>) -> Result<(), QueryError> {
    *count += stage.selected_count() as u64;
    Ok(())
}
