//! The report of a run: `sections/` is its content, each table once; `forms/` renders it
//! for files and the terminal.

pub(crate) mod baselines;
mod forms;
mod sections;
#[cfg(test)]
mod tests;
pub(crate) mod text;

pub use forms::{
    claims_markdown, claims_terminal, html, markdown, samples_csv, terminal, terminal_glance,
    terminal_versus, write_json, write_whole,
};
