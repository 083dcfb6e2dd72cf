//! Filters: the typed tree, its text, and its form in stored steps.
//!
//! `parse` turns text into a tree by way of `lexeme`s; `print` turns a tree into text, and `bind`
//! into a `Bound`. Nothing here looks at more than one token.

mod bind;
mod decimal;
mod error;
mod lexeme;
mod names;
mod parse;
mod print;
mod time;
mod tree;

pub(crate) use names::FLAGS;

pub(crate) use bind::and;
pub use decimal::Decimal;
pub use error::{FilterError, ParseFilterError};
pub use tree::{Comparison, Filter, FlagTest};
