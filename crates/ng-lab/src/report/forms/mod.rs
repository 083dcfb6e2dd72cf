//! The forms of a report, independent of the content of its sections.

mod csv;
mod html;
mod json;
mod markdown;
mod terminal;

pub use csv::samples_csv;
pub use html::html;
pub use json::{write_json, write_whole};
pub use markdown::{claims_markdown, markdown};
pub use terminal::{claims_terminal, terminal, terminal_glance, terminal_versus};
