//! Whole runs: from a request to the files of a report.
//!
//! `measure.rs` runs cells, `soak.rs` a soak; both write their files through `output.rs`.

mod date;
mod error;
mod measure;
mod output;
mod soak;

pub use date::iso_utc;
pub use error::SessionError;
pub use measure::{measure, measure_with_claims};
pub use soak::{SoakRequest, run_soak};
