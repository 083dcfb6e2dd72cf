//! The operations, one a file.

mod aggregate;
mod best;
mod bins;
#[cfg(test)]
mod boundaries;
mod count;
mod duplicates;
pub(crate) mod find;
mod for_each;
mod histogram;
mod histogram_2d;
mod id_set;
mod nearest;
mod positions;
mod sample;
mod seen;
mod tokens_at;
mod top;
pub(crate) mod turns;
mod within;

#[cfg(test)]
mod tests;

pub use aggregate::{Group, GroupBy, Groups, Key, Measure, Partial, PartialError, Value};
pub use bins::Bins;
pub use duplicates::Duplicates;
pub use find::Found;
pub use histogram::Histogram;
pub use histogram_2d::Histogram2d;
pub(crate) use nearest::first_blocks;
pub use nearest::{Neighbour, Neighbours, Points, Squared};
pub use top::{End, Ranked, Top};
pub use within::Ball;
pub(crate) use within::touched_blocks;
