use std::ops::ControlFlow;

use ng_token::Token;

use crate::memory::reserve;
use crate::{Query, QueryError, Stats};

impl Query<'_> {
    /// Passes the positions of the selected tokens to `take`, ascending, up to eight blocks' at a
    /// time, until it breaks. The memory for it is bounded.
    ///
    /// # Errors
    ///
    /// [`QueryError`], and what `take` returns.
    pub fn positions<E: From<QueryError>>(
        &self,
        mut take: impl FnMut(&[u64]) -> Result<ControlFlow<()>, E>,
    ) -> Result<Stats, E> {
        self.streaming_scan().without_looks().run(
            Vec::new,
            |positions, stage| {
                let first = stage.first();
                reserve(positions, stage.selected_count(), "positions")?;
                stage.for_each_selected(|place| positions.push(first + place as u64));
                Ok(())
            },
            |positions| take(&positions),
        )
    }

    /// Passes the selected tokens and their positions to `take`, in order, up to eight blocks' at a
    /// time, until it breaks. The memory for it is bounded.
    ///
    /// # Errors
    ///
    /// [`QueryError`], and what `take` returns.
    pub fn tokens<E: From<QueryError>>(
        &self,
        mut take: impl FnMut(&[u64], &[Token]) -> Result<ControlFlow<()>, E>,
    ) -> Result<Stats, E> {
        self.streaming_scan().run(
            || (Vec::new(), Vec::new()),
            |(positions, tokens), stage| {
                stage.bring_records()?;
                let selected = stage.selected_count();
                reserve(positions, selected, "positions")?;
                reserve(tokens, selected, "tokens")?;
                let (first, records) = (stage.first(), stage.held_records());
                stage.for_each_selected(|place| {
                    positions.push(first + place as u64);
                    tokens.push(records[place]);
                });
                Ok(())
            },
            |(positions, tokens)| take(&positions, &tokens),
        )
    }
}
