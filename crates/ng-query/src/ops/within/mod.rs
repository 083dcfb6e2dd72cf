//! All tokens in a ball, their number, and upstream's two fields over them.
//!
//! A ball is one more condition of the filter (`ball.rs`), so tokens in it are found like all
//! selected ones, by zones and columns too. `counts.rs` counts for many balls at once, with boxes
//! from block to block (`descent.rs`).

mod ball;
#[cfg(test)]
mod compatibility;
mod counts;
mod descent;
mod field;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;

use crate::memory::reserve;
use crate::ops::{Neighbour, Squared};
use crate::select::axes;
use crate::{Query, QueryError, Stats};
pub use ball::Ball;
pub(crate) use descent::touched_blocks;

impl Query<'_> {
    /// The same query over the tokens in a ball.
    pub(crate) fn and_within(&self, ball: &Ball) -> Self {
        self.and(ball.bound())
    }

    /// Passes the selected tokens within a ball to `take`, ascending by position, up to eight
    /// blocks' at a time, until it breaks. The memory for it is bounded.
    ///
    /// The ball is closed. Distances are exact for a centre at a whole number of steps.
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use ng_query::{Ball, Query, QueryError};
    /// use ng_query::ng_parallel::Workers;
    /// use ng_token::{Space, Token};
    ///
    /// let tokens: Vec<_> = (0..100)
    ///     .map(|x| Token::new(0).with_coordinate(Space::Physical, [x, 0, 0]))
    ///     .collect();
    /// let ball = Ball::of_units(Space::Physical, [0.42, 0.0, 0.0], 0.01)?;
    /// let mut found = Vec::new();
    /// Query::new(&tokens, &Workers::new(1)?).within(&ball, |neighbours| {
    ///     found.extend(neighbours.iter().map(|neighbour| neighbour.position));
    ///     Ok::<_, QueryError>(ControlFlow::Continue(()))
    /// })?;
    /// assert_eq!(found, [41, 42, 43]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`QueryError`], and what `take` returns.
    pub fn within<E: From<QueryError>>(
        &self,
        ball: &Ball,
        mut take: impl FnMut(&[Neighbour]) -> Result<ControlFlow<()>, E>,
    ) -> Result<Stats, E> {
        let columns = axes(ball.space());
        let scale = f64::from(ball.space().scale());
        let scan = self.and_within(ball).streaming_scan();
        scan.run(
            Vec::new,
            |neighbours, stage| {
                stage.load(&columns)?;
                let [xs, ys, zs] = columns.map(|column| stage.lanes.i16(column));
                let first = stage.first();
                reserve(neighbours, stage.selected_count(), "neighbours")?;
                stage.for_each_selected(|place| {
                    let squared = ball.squared([xs[place], ys[place], zs[place]]);
                    neighbours.push(Neighbour {
                        position: first + place as u64,
                        squared,
                        distance: steps_of(squared) / scale,
                    });
                });
                Ok(())
            },
            |neighbours| match neighbours.is_empty() {
                true => Ok(ControlFlow::Continue(())),
                false => take(&neighbours),
            },
        )
    }
}

/// The distance in steps.
fn steps_of(squared: Squared) -> f64 {
    match squared {
        Squared::Steps(squared) => (squared as f64).sqrt(),
        Squared::OffGrid(squared) | Squared::Units(squared) => squared.sqrt(),
    }
}
