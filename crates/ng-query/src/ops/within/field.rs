use std::f64::consts::PI;
use std::ops::ControlFlow;

use ng_arrow::Column;
use ng_token::Space;

use super::Ball;
use crate::ops::Squared;
use crate::scan::Stage;
use crate::select::axes;
use crate::{Answer, Query, QueryError, QuestionError};

/// The greatest radius of a field that can be stored: 2.55 units.
const GREATEST: u16 = 255;

impl Query<'_> {
    /// Measures how many selected tokens a ball has for each cubic unit of its volume.
    ///
    /// The count divided by `4 / 3 * pi * radius^3`, all in `f64`. The formula is that of
    /// `Grid::calculate_density` in upstream's `src/core_rust/src/grid.rs`, v0.39.2, which computes
    /// in `f32`.
    ///
    /// # Errors
    ///
    /// [`QuestionError::Radius`] if the radius is 0 or infinite, and the others of [`QueryError`].
    pub fn density(&self, ball: &Ball) -> Result<Answer<f64>, QueryError> {
        let radius = ball.radius() / f64::from(ball.space().scale());
        let volume = 4.0 / 3.0 * PI * radius * radius * radius;
        // If the cube of the radius overflows an `f64`, the volume is infinite; if it underflows,
        // 0.
        if !volume.is_normal() {
            return Err(QuestionError::Radius {
                radius,
                expected: "more than 0, and finite, for a density",
            }
            .into());
        }
        let Answer { value, stats } = self.within_counts(std::slice::from_ref(ball))?;
        let count: u64 = value.iter().sum();
        Ok(Answer {
            value: count as f64 / volume,
            stats,
        })
    }

    /// Adds up the fields of the selected tokens within a ball, at its centre.
    ///
    /// A token whose radius reaches the centre adds `strength * (1 - distance / radius)`, in `f64`,
    /// each operation rounded once. A radius of 0 reaches nothing. No field's radius is more than
    /// 2.55 units, so a ball of that radius leaves none out.
    ///
    /// The tokens of each block of 4096 are added in order, starting with 0, and then the sums of
    /// the blocks in order: the same for any number of threads. The formula is that of
    /// `Grid::calculate_field_influence` in upstream's `src/core_rust/src/grid.rs`, v0.39.2, which
    /// adds in `f32`, in the order of the distances.
    ///
    /// # Errors
    ///
    /// [`QueryError`].
    pub fn influence(&self, ball: &Ball) -> Result<Answer<f64>, QueryError> {
        let mut columns = axes(ball.space()).to_vec();
        columns.extend([Column::Radius, Column::Strength]);
        let scan = self.and_reaching(ball)?.scan();
        let mut value = 0.0;
        let stats = scan.run(
            Vec::new,
            |sums, stage| {
                stage.load(&columns)?;
                sums.push(of_block(ball, stage));
                Ok(())
            },
            |sums: Vec<f64>| {
                for sum in sums {
                    value += sum;
                }
                Ok::<_, QueryError>(ControlFlow::Continue(()))
            },
        )?;
        Ok(Answer { value, stats })
    }

    /// The same query over the tokens in a ball whose fields can reach its centre.
    pub(crate) fn and_reaching(&self, ball: &Ball) -> Result<Self, QuestionError> {
        let reach = reach_of_fields(ball)?;
        Ok(self.and_within(ball).and_within(&reach))
    }
}

/// The ball beyond which no field reaches.
fn reach_of_fields(ball: &Ball) -> Result<Ball, QuestionError> {
    let reach = f64::from(reach(ball.space(), GREATEST));
    Ball::of_steps(ball.space(), ball.centre(), reach)
}

/// The radius of a field in steps: each scale is a multiple of 100.
fn reach(space: Space, radius: u16) -> u32 {
    u32::from(radius) * u32::from(space.scale() / 100)
}

fn of_block(ball: &Ball, stage: &Stage<'_>) -> f64 {
    let space = ball.space();
    let [xs, ys, zs] = axes(space).map(|axis| stage.lanes.i16(axis));
    let radii = stage.lanes.u8(Column::Radius);
    let strengths = stage.lanes.u8(Column::Strength);
    let mut sum = 0.0;
    stage.for_each_selected(|place| {
        let squared = ball.squared([xs[place], ys[place], zs[place]]);
        let reach = reach(space, radii[place].into());
        if let Some(share) = share(squared, reach) {
            sum += f64::from(strengths[place]) / 255.0 * share;
        }
    });
    sum
}

/// The share of a field that is left at a distance; `None` if it does not reach that far.
fn share(squared: Squared, reach: u32) -> Option<f64> {
    let reaches = match squared {
        Squared::Steps(squared) => squared <= u64::from(reach) * u64::from(reach),
        Squared::OffGrid(squared) | Squared::Units(squared) => {
            squared <= f64::from(reach) * f64::from(reach)
        }
    };
    (reaches && reach > 0).then(|| 1.0 - super::steps_of(squared) / f64::from(reach))
}
