//! The work that the criterion suites of this workspace measure.
//!
//! One module a suite: [`codec`], [`fill`], [`scan`], [`gather`],
//! [`ingest`]. Each holds its
//! work, what that work must compute, and the ratios by which it is judged. The
//! programs under `benches/` only name the suite to run.
//!
//! What it is not: the measurement that is published. That is
//! `cargo xtask stress`, a process a sample; here all samples share one process.
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

pub mod codec;
pub mod fill;
pub mod gather;
pub mod ingest;
#[expect(unsafe_code, reason = "files are mapped; nowhere else")]
mod maps;
mod ratios;
pub mod scan;
mod session;
mod size;
mod suite;
mod teams;

pub use ratios::{Ratio, Rounds};
pub use session::Session;
pub use suite::{Case, Pace, Suite, Work};
