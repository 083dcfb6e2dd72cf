use std::ops::ControlFlow;

use crate::scan::Stage;
use crate::{Answer, Query, QueryError};

impl Query<'_> {
    /// Counts the tokens that are selected.
    ///
    /// # Errors
    ///
    /// [`QueryError`].
    pub fn count(&self) -> Result<Answer<u64>, QueryError> {
        let mut value = 0;
        let stats = self.scan().run(
            || 0,
            add_selected,
            |count| {
                value += count;
                Ok::<_, QueryError>(ControlFlow::Continue(()))
            },
        )?;
        Ok(Answer { value, stats })
    }

    /// Tells whether any token is selected; looks no further than the first one, and what
    /// other threads look at meanwhile.
    ///
    /// # Errors
    ///
    /// [`QueryError`].
    pub fn any(&self) -> Result<Answer<bool>, QueryError> {
        let mut value = false;
        let stats = self.scan().run(
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
}

fn add_selected(count: &mut u64, stage: &mut Stage<'_>) -> Result<(), QueryError> {
    *count += stage.selected_count() as u64;
    Ok(())
}
