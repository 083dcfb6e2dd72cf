//! What a run leaves: one model, and a file that writes it in each form.

mod claims;
mod json;
mod markdown;
mod model;
mod table;
mod terminal;
#[cfg(test)]
mod tests;
mod text;

pub use claims::{ClaimFigure, ClaimRow, ClaimVerdict};
pub use json::write_json;
pub(crate) use json::write_whole;
pub use markdown::{claims_markdown, markdown};
pub use model::{
    Build, CellReport, Comparison, ComparisonKind, GrowthReport, Interval95, LimitReport,
    PhaseReport, Report, RunInfo, SCHEMA,
};
pub use terminal::{claims_terminal, terminal};
