//! Filters: their text, their messages, and their meaning.

pub(crate) mod any;
mod boundaries;
mod built;
pub(crate) mod documents;
mod errors;
mod meaning;
mod oracle;
mod text;
