//! Queries over NeuroGraph tokens, in memory, mapped, or read and verified.
//!
//! A [`Query`] has a [`Source`], a [`Filter`], the workers, and an [`index::Index`] if there is
//! one; its methods are the operations. Each [`Answer`] has the [`Stats`] of what was looked at.
//! [`order`] sorts files, so that zones and boxes rule out most blocks.
//!
//! ```
//! use ng_query::ng_parallel::Workers;
//! use ng_query::{Filter, Query};
//! use ng_token::Token;
//!
//! let tokens: Vec<Token> = (0..100_000).map(Token::new).collect();
//! let filter: Filter = "position >= 90_000 and active".parse()?;
//! let query = Query::new(&tokens, &Workers::new(2)?).filter(&filter);
//! let answer = query.count()?;
//! assert_eq!(answer.value, 10_000);
//! // All other blocks are ruled out by their positions.
//! assert_eq!((answer.stats.blocks, answer.stats.blocks_looked_at), (25, 4));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! It is not a database, which changes tokens, nor a command line, which is `ng query`. It knows
//! nothing of a token file's layout and prints nothing.
//!
//! # Where to begin reading
//!
//! `query.rs`, then `scan/mod.rs` for how blocks are looked at and `select/mod.rs` for what is
//! selected; `ops/` has the operations. `filter/`, `index/` and `order/` each
//! stand alone; `assign/` is built on the filter's text.

/// Code shared by tests names the crate from outside.
#[cfg(test)]
extern crate self as ng_query;

#[cfg(test)]
#[path = "../../ng-store/tests/amount/mod.rs"]
#[allow(dead_code, reason = "shared with other tests, which skip some things")]
mod amount;
mod answer;
#[cfg(test)]
mod arbitrary;
mod assign;
mod bound;
mod boxes;
#[cfg(test)]
#[path = "../tests/ends/mod.rs"]
mod ends;
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
mod memory;
mod ops;
pub mod order;
mod ordered;
mod parts;
mod plan;
mod pool;
mod query;
mod reader_rows;
mod scan;
pub mod sealed;
mod select;
mod source;
mod stored;
mod zone;

pub use {ng_arrow, ng_parallel, ng_store, ng_token};

pub use answer::{Answer, Stats};
pub use assign::{
    AssignError, AssignedValueError, Assignments, AssignmentsError, ParseAssignmentsError,
};
pub use error::{QueryError, QuestionError};
pub use filter::{Comparison, Decimal, Filter, FilterError, FlagTest, ParseFilterError};
pub use ng_arrow::Column;
pub use ops::{
    Ball, Bins, Duplicates, End, Found, Group, GroupBy, Groups, Histogram, Histogram2d, Key,
    Measure, Neighbour, Neighbours, Partial, PartialError, Points, Ranked, Squared, Top, Value,
};
pub use parts::{OpenPart, Parts};
pub use plan::{Operation, Plan, PlannedCondition};
pub use query::Query;
pub use reader_rows::ReaderRows;
pub use scan::Matcher;
pub use source::Source;
pub use zone::{Span, Zone, ZoneError};

/// Runs the examples of the README as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
