//! What the seed's report says, statement by statement, and whether it holds here.
//!
//! - `seed/`: the statements, one file for each part of the report.
//! - [`Claim`], [`Said`] and [`Rule`]: what a statement is made of.
//! - `judge/`: a pure function from a report to a row for every statement.
//! - `selection.rs`: the cells that the statements need, and no others.
//!
//! The method is in `docs/claims.md` of the repository.

mod cell;
mod claim;
mod judge;
mod rule;
mod seed;
mod selection;

pub use cell::{CellSpec, SEED_TOKENS, Size};
pub use claim::{Claim, Said};
pub use judge::audit;
pub use rule::{Expected, MemoryFigure, ProofSpec, Quantity, Rule, Sum, Threads};
pub use seed::claims;
pub use selection::{MIN_TOKENS, THREADS, needed_scenarios, sizes};
