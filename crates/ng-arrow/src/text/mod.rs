//! Values as text: how they are written, and what is taken.

mod array_cell;
mod cell;
mod rows;
mod time;

pub use array_cell::ArrayCell;
pub(crate) use cell::{Cell, is_missing};
pub use rows::TextRows;
