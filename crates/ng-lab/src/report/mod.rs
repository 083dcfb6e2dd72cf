//! What a run leaves: one model, and a file that writes it in each form.

mod allocated;
pub(crate) mod baselines;
mod claims;
mod csv;
mod glance;
mod html;
mod json;
mod lack;
mod laws;
mod markdown;
mod scaling;
mod soak_section;
mod table;
mod terminal;
#[cfg(test)]
mod tests;
pub(crate) mod text;
mod thread_shares;
mod versus;

pub use csv::samples_csv;
pub use html::html;
pub use json::{write_json, write_whole};
pub use markdown::{claims_markdown, markdown};
pub use terminal::{claims_terminal, terminal, terminal_glance, terminal_versus};
