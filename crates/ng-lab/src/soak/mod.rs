//! A long run of mixed operations at a fixed rate.
//!
//! Cells show how long work takes; a soak shows whether that stays the same. It runs
//! [`Operations`] of several kinds for minutes or hours in one worker process, and
//! writes a row per second: counts, times, memory and files.
//!
//! **Open loop.** Operations are due at times fixed before the run, however long
//! earlier ones take. Response time counts from when an operation is due, service time
//! from its actual start: if one stalls, all that wait behind it are late, and their
//! response times show it. A closed loop, which times the next operation only after the
//! previous one, would hide that.
//!
//! What the lab does between operations (a row, a verification) is set aside: the
//! schedule's clock stops, and each row says for how long.
//!
//! Start reading at `operations.rs` (the work), then `engine.rs` (the loop),
//! `slopes.rs` (the analysis), and `session/soak.rs` (the whole run).

mod clock;
pub(crate) mod conduct;
pub(crate) mod csv;
mod engine;
mod mix;
mod operations;
mod plan;
pub(crate) mod progress;
mod row;
mod schedule;
mod serve;
mod slopes;
mod tally;
#[cfg(test)]
mod tests;

pub use clock::{Clock, SystemClock};
pub use conduct::SOAK_ARGUMENT;
pub(crate) use csv::ROWS;
pub use engine::soak;
pub use operations::{Extent, Kind, Operations, Verified};
pub use plan::{Rate, SoakPlan};
pub use row::{Began, Message, Reading};
pub use serve::{SoakJob, serve_soak};
pub use slopes::slopes;
