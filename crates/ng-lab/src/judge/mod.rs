//! Flags, verdicts and comparisons of a run.
//!
//! Pure functions from a [`Readings`]: no clock, no file.

mod baseline;
mod cells;
mod comparable;
mod compare;
mod drift;
mod files;
mod gate;
mod instructions;
mod limits;
mod not_compared;
mod scaling;
#[cfg(test)]
mod tests;
mod threads;
mod versus;

pub(crate) use comparable::check_machine;
pub(crate) use instructions::judge_counts;
pub use versus::compare_reports;
pub(crate) use versus::hold;

use crate::conductor::{Readings, Subject};
use crate::model::{CellReport, Comparison, LimitReport, NotCompared, Scaling};

/// Judged readings.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// Limits of the machine.
    pub limits: Vec<LimitReport>,
    /// Cells in the plan's order.
    pub cells: Vec<CellReport>,
    /// Comparisons within the run.
    pub comparisons: Vec<Comparison>,
    /// Expected comparisons within the run that are missing.
    pub not_compared: Vec<NotCompared>,
    /// How times grow with the number of items.
    pub scaling: Vec<Scaling>,
}

/// Judges the readings of a run.
#[must_use]
pub fn judge(readings: &Readings, subject: Subject) -> Judgement {
    let mut cells: Vec<CellReport> = readings
        .cells
        .iter()
        .map(|cell| cells::report(cell, readings, subject))
        .collect();
    cells::flag_differing_proofs(&mut cells);
    drift::flag(readings, &mut cells);
    let compared = compare::all(readings, subject, &mut cells);
    Judgement {
        limits: limits::report(readings),
        scaling: scaling::all(readings, &cells),
        cells,
        comparisons: compared.comparisons,
        not_compared: compared.not_compared,
    }
}
