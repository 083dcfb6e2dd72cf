//! What a run leaves: one model, and a file that writes it in each form.

mod json;
mod markdown;
mod model;
mod scaling;
mod table;
mod terminal;
#[cfg(test)]
mod tests;
mod text;
mod versus;

pub use json::{write_json, write_whole};
pub use markdown::markdown;
pub(crate) use model::whole_numbers;
pub use model::{
    Build, CellReport, Comparison, ComparisonKind, GrowthReport, Interval95, LimitReport,
    PhaseReport, ReferenceReport, Report, RunInfo, SCHEMA, Scaling,
};
pub use terminal::{terminal, terminal_versus};
