//! A long run of mixed operations at a rate of its own, over its time.
//!
//! Cells ask how long a thing takes; a soak asks whether that stays so. It does
//! [`Operations`] of several kinds for minutes or hours, in one worker process, and
//! leaves a row a second: how many, how long, and what memory and files were like.
//!
//! **Open loop.** When an operation is due is known before the run begins, and does
//! not depend on how long those before it took. Response time counts from then,
//! service time from the operation's real start: where one operation stalls, all
//! that wait behind it are late, and the response says so. A loop that waits for
//! the end of one operation before it times the next would hide that.
//!
//! What the lab does between operations (a row, a verification) is aside: the
//! schedule's clock stands still for it, and each row says for how long.
//!
//! Begin reading at `operations.rs` (what is done), then `engine.rs` (how),
//! `slopes.rs` (what is made of the rows), `session.rs` (the whole run).

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
