//! Queries over tokens: what `ng-query` answers, as Python asks it.
//!
//! - `question` is what is asked, of whose tokens, and how: a lazy object that changes never;
//!   `subject` the tokens that it finds at the moment of an operation;
//! - `class` is `Query`, and `operations` what it and `Tokens` can be asked, written once;
//! - `measures` are aggregates and histograms, `near` is what has to do with points, `find`
//!   with ids;
//! - `answers` makes Python's objects of what was found;
//! - `index` opens indexes, builds them and sorts files; `errors` says what becomes of theirs.

mod answers;
mod class;
mod errors;
mod find;
#[expect(
    unsafe_code,
    reason = "indexes are mapped, by the promise that a mapped `TokenFile` hands on to its user"
)]
mod index;
mod measures;
mod near;
mod operations;
mod question;
mod subject;

pub(crate) use answers::columns;
pub(crate) use class::Query;
pub(crate) use errors::name_of_column;
pub(crate) use index::{forget, layout_columns};
pub(crate) use question::{Asks, HowPickled, Question};
pub(crate) use subject::Subject;
