//! Queries over tokens: `ng-query` for Python.
//!
//! - `question` is what is asked, of which tokens, and how: a lazy, immutable object; `subject` the
//!   tokens that it finds when an operation runs;
//! - `class` is `Query`, and `operations` are the methods of it and of `Tokens`, written once;
//! - `measures` are aggregates and histograms, `near` is about points, `find` about ids;
//! - `answers` makes Python objects of the results;
//! - `index` opens indexes, builds them and sorts files; `errors` maps their errors.

mod answers;
mod class;
mod errors;
mod find;
#[expect(
    unsafe_code,
    reason = "indexes are mapped, by the promise that a mapped `TokenFile` passes on to its user"
)]
mod index;
mod measures;
mod near;
mod operations;
mod question;
mod subject;

pub(crate) use answers::{columns, positions};
pub(crate) use class::Query;
pub(crate) use errors::{filter_of, name_of_column};
pub(crate) use index::{forget, index_info, layout_columns, spaces_of};
pub(crate) use measures::{asked_groups, groups_of, names_of};
pub(crate) use near::GivenPoints;
pub(crate) use question::{Asks, HowPickled, Question};
pub(crate) use subject::Subject;
