//! The conductor's side: which cells, in which order, for how many rounds.
//!
//! [`plan`] decides what is measured, `rounds` measures it, one worker process at a
//! time; the result is a [`Readings`], judged and reported elsewhere.
//! `instructions` counts instead of timing.

mod available;
pub mod doctor;
mod handshake;
mod headlines;
mod instructions;
pub mod plan;
pub mod process;
mod progress;
mod readings;
mod rounds;
mod stopping;
mod versus;
mod workplace;

pub use available::Available;
pub(crate) use handshake::{shake_hands, shakes_hands_on_marks};
pub(crate) use headlines::headlines;
pub use instructions::{CellCounts, CountedCell, Counts};
pub(crate) use instructions::{count, plan_counts};
pub use plan::{Plan, PlanError, PlannedCell, PlannedLimits, Request, Rounds, Subject};
pub use progress::Progress;
pub use readings::{CellReadings, CellRound, LimitSample, Readings};
pub use rounds::conduct;
#[cfg(test)]
pub(crate) use stopping::Stopping;
pub use versus::{Against, Baseline, Gate, InstructionGate, Reference, Versus};
