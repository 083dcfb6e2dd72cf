//! Assignments: the typed tree, its text, and what it does to tokens.
//!
//! `parse` turns text into `tree` by way of the filter's lexemes; `print` turns it into text.
//! `apply` takes a chunk of tokens at a time, `compute` evaluates an expression for all of it, and
//! `store` encodes the results.

mod apply;
mod compute;
mod error;
mod parse;
mod print;
mod store;
mod tree;

pub use error::{AssignError, AssignedValueError, AssignmentsError, ParseAssignmentsError};
pub use tree::Assignments;
