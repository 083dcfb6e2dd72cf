//! What a run leaves: `sections/` is what it says, each table once; `forms/` are the
//! files and the terminal, which all show the same.

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
