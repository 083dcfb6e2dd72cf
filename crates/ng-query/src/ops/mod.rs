//! The operations, one a file.

mod aggregate;
mod count;
mod positions;

pub use aggregate::{Group, GroupBy, Groups, Key, Measure, Value};
