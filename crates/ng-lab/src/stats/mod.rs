//! Distribution-free statistics of measured samples.
//!
//! Timings are skewed, have outliers and are few, so everything here is based on ranks:
//! medians, order statistics and signed ranks, with exact null distributions for small
//! samples.
//!
//! - [`Summary`] describes one sample; [`median`], [`quantile`], [`mad`] and
//!   [`median_interval_95`] are its parts.
//! - [`paired_ratio`] estimates the ratio of two sides measured in the same rounds, and
//!   [`unpaired_ratio`] that of two sides measured separately.
//! - [`trend`] tests whether a sample drifts along an order, [`holm`] adjusts p-values
//!   for their number, and [`slope`] estimates how fast a sample drifts.
//! - `looks.rs` fixes when a run may stop a phase, and at which level; `sequential.rs`
//!   decides a phase from its samples so far.
//! - [`ScalabilityLaw`] describes how work gains from threads.
//! - [`Standing`] says whether an interval is above or below a target.
//!
//! Two rules hold throughout. A sample is a slice of finite numbers; if it is empty or
//! holds a NaN or an infinity, the answer is `None`. Fewer than six values (or pairs)
//! have no interval at 95 %: even the widest, from smallest to largest, covers only with
//! probability `1 - 2 / 2^n`, which is 0.9375 for five. A slope has an interval from
//! five points on, since all pairs rarely go one way.
//!
//! Start reading at `interval.rs`, where ranks become an interval.

mod bar;
mod boundary;
mod difference;
mod holm;
mod interval;
mod looks;
mod normal;
mod order;
mod paired;
pub mod rng;
mod rounds;
mod sequential;
mod slope;
mod summary;
mod trend;
mod unpaired;
mod usl;

#[cfg(test)]
mod testing;

pub use bar::Standing;
pub use holm::holm;
pub use interval::Interval;
pub use order::{mad, median, median_interval_95, quantile};
pub use paired::{PairedRatio, paired_ratio};

pub(crate) use difference::{Aa, Floors, Noise, aa_differs, judge_with};
pub(crate) use looks::{Looks, Pairs};
pub(crate) use paired::paired_ratio_at;
pub(crate) use rounds::{can_tell, paired_rounds, smallest_paired_p, unpaired_rounds};
pub(crate) use sequential::{Copies, Rule, Seen};
pub use slope::{Slope, slope};
pub use summary::Summary;
pub use trend::{Trend, trend};
pub use unpaired::{UnpairedRatio, smallest_unpaired_p, unpaired_ratio};
pub use usl::ScalabilityLaw;
