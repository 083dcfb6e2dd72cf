//! What a run leaves: one model, and a file that writes it in each form.

mod csv;
mod html;
mod json;
mod markdown;
mod model;
mod sample;
mod soak;
mod table;
mod terminal;
#[cfg(test)]
mod tests;
mod text;

pub use csv::samples_csv;
pub use html::html;
pub use json::write_json;
pub(crate) use json::write_whole;
pub use markdown::markdown;
pub use model::{
    Build, CellReport, Comparison, ComparisonKind, GrowthReport, Interval95, LimitReport,
    PhaseReport, Report, RunInfo, SCHEMA,
};
pub use sample::{RunPlace, Sample};
pub use soak::{Percentiles, SoakRow};
pub use terminal::terminal;
