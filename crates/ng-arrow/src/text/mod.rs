//! Values as text: writing and reading.

mod array_cell;
mod cell;
mod rows;
mod time;

pub use array_cell::ArrayCell;
pub(crate) use cell::{Cell, is_missing};
pub use rows::TextRows;
