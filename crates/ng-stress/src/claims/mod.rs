//! The claims of the seed's report, and whether they hold here.
//!
//! - `seed/`: the claims, one file per part of the report.
//! - [`Claim`], [`Said`] and [`Rule`]: the parts of a claim.
//! - `judge/`: a pure function from a report to a row per claim.
//! - `selection.rs`: the cells that the claims need, and no others.
//!
//! `docs/claims.md` in the repository describes the method.

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
