//! The work that the criterion suites of this workspace measure.
//!
//! One module a suite: [`codec`], [`fill`], [`refill`], [`scan`], [`gather`], [`contention`],
//! [`beside`], [`ingest`], [`mapped`], [`lookup`], [`commits`], [`many`], [`query`], [`index`],
//! [`sort`], [`growth`], [`dataset`], [`command`]. Each holds its work, what that work must compute, and the
//! ratios that judge it. The programs under `benches/` only name the suite to run.
//!
//! It is not the published measurement. That is `cargo xtask stress`, a process a sample; here all
//! samples share one process.
//!
//! ```
//! use std::num::NonZeroUsize;
//!
//! use ng_benches::{Rounds, scan::Scan};
//!
//! let scan = Scan::new(1_000, NonZeroUsize::MIN)?;
//! let rounds = Rounds::measure(&mut scan.suite(), 6)?;
//! println!("{}", rounds.table());
//! # Ok::<(), anyhow::Error>(())
//! ```
//!
//! Begin reading at `suite.rs` (a case, its check), then `ratios.rs` (how two
//! cases are compared), `session.rs` (a run of a suite), then any suite.

pub mod beside;
pub mod calls;
pub mod codec;
mod cold;
pub mod command;
pub mod commits;
pub mod contention;
pub mod dataset;
mod exponent;
pub mod fill;
mod follow;
pub mod gather;
pub mod growth;
pub mod index;
pub mod ingest;
pub mod lookup;
pub mod many;
pub mod mapped;
#[expect(unsafe_code, reason = "maps of this program's own files; nowhere else")]
mod maps;
pub mod query;
mod ratios;
mod reads;
pub mod refill;
pub mod scan;
mod scratch;
mod session;
mod size;
pub mod sort;
#[expect(unsafe_code, reason = "non-temporal stores; nowhere else")]
mod stream;
mod suite;
mod teams;
mod varied;

pub use exponent::Exponent;
pub use ratios::{Ratio, Rounds};
pub use session::Session;
pub use suite::{Case, Pace, Suite, Work};
