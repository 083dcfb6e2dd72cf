//! Questions to files of NeuroGraph tokens.

mod answer;
#[cfg(test)]
mod arbitrary;
mod bound;
mod boxes;
mod error;
mod filter;
pub mod index;
#[expect(
    unsafe_code,
    reason = "calls of loops that are compiled for AVX2, where it was detected; nowhere else"
)]
mod kernels;
#[expect(
    unsafe_code,
    reason = "maps of the files of an index, whose promise is taken once; nowhere else"
)]
mod map;
mod ops;
pub mod order;
mod ordered;
mod plan;
mod pool;
mod query;
mod scan;
mod select;
mod source;
mod zone;

pub use {ng_arrow, ng_parallel, ng_store, ng_token};

pub use answer::{Answer, Stats};
pub use error::{QueryError, QuestionError};
pub use filter::{Comparison, Decimal, Filter, FilterError, FlagTest, ParseFilterError};
pub use ng_arrow::Column;
pub use ops::{
    Ball, Bins, Duplicates, End, Found, Group, GroupBy, Groups, Histogram, Key, Measure, Neighbour,
    Neighbours, Points, Ranked, Squared, Value,
};
pub use plan::{Plan, PlannedCondition};
pub use query::Query;
pub use source::Source;
pub use zone::{Span, Zone};

/// Runs the examples of the README as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
