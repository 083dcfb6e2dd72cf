//! A report in each of its forms. None of them knows what the sections are about.

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
