//! Filters: their text, their messages, and what they hold for.

mod any;
mod boundaries;
mod built;
mod documents;
mod errors;
mod meaning;
mod oracle;
mod text;
