//! Values as text: how they are written, and what is taken.

mod cell;
mod rows;
mod time;

pub(crate) use cell::{Cell, is_missing};
pub use rows::TextRows;
