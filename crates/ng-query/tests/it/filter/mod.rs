//! Filters: their text, their messages, and their meaning.

mod any;
mod boundaries;
mod built;
mod documents;
mod errors;
mod meaning;
mod oracle;
mod text;
