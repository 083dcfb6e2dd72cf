//! Filters: the typed tree, its text, and what it comes down to in stored steps.
//!
//! Text becomes a tree in `parse`, by way of the `lexeme`s; a tree becomes text in `print`,
//! and a `Bound` in `bind`. Nothing here looks at more than one token.

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
