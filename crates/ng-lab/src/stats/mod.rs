//! Statistics of measured samples, without a distribution assumed.
//!
//! Timings are skewed, have outliers and come in small numbers, so everything
//! here rests on ranks: medians, order statistics and signed ranks, with exact
//! null distributions where samples are few.
//!
//! - [`Summary`] describes one sample; [`median`], [`quantile`], [`mad`] and
//!   [`median_interval_95`] are its parts.
//! - [`paired_ratio`] says how many times one side is the other, round by round, and
//!   [`unpaired_ratio`] the same of two sides that were measured apart.
//! - [`trend`] says whether a sample drifts along an order, [`holm`] what remains
//!   of a p-value among many, and [`slope`] how fast it drifts.
//! - `looks.rs` says when a run looks whether to go on and at which level, and
//!   `sequential.rs` what it then sees of a phase.
//! - [`ScalabilityLaw`] says how work gains from threads.
//! - [`Standing`] says whether an interval is above or below what was asked for.
//!
//! Two rules hold for all of it. A sample is a slice of finite numbers; one that
//! is empty or holds a NaN or an infinity has no statistics, and the answer is
//! `None`. Fewer than six values (or pairs) have no interval at 95 %: even the widest one,
//! from the smallest to the largest, covers with probability `1 - 2 / 2^n` only,
//! which is 0.9375 for five. A slope has one from five points on: it is rarer that
//! all pairs of them go one way.
//!
//! Begin reading at `interval.rs`, where ranks become an interval.

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
