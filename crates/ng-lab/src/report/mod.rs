//! What a run leaves: one model, and a file that writes it in each form.

mod json;
mod markdown;
mod model;
mod scaling;
mod soak_section;
mod table;
mod terminal;
#[cfg(test)]
mod tests;
pub(crate) mod text;

pub use json::{write_json, write_whole};
pub use markdown::markdown;
pub use model::{
    Build, CellReport, Comparison, ComparisonKind, GrowthReport, Interval95, LimitReport,
    PhaseReport, Report, RunInfo, SCHEMA, Scaling,
};
pub use terminal::terminal;
