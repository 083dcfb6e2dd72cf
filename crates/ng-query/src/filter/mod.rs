//! Filters: the typed tree, its text, and its form in stored steps.
//!
//! `parse` turns text into a tree by way of `lexeme`s; `print` turns a tree into text, and `bind`
//! into a `Bound`. Nothing here looks at more than one token.

mod bind;
mod decimal;
mod error;
mod excerpt;
mod lexeme;
pub(crate) mod names;
mod parse;
mod print;
mod time;
mod tree;

pub(crate) use bind::{and, limits};
pub use decimal::Decimal;
pub use error::{FilterError, ParseFilterError};
pub(crate) use excerpt::Excerpt;
pub(crate) use lexeme::{Lexeme, Signs, Text, lexeme, text_of};
pub(crate) use names::FLAGS;
pub(crate) use parse::{Mistake, check_length, mistake_of, value_of};
pub(crate) use print::Shown;
pub use tree::{Comparison, Filter, FlagTest};
