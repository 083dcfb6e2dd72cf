//! Assignments: their text, their messages, and what they do.

mod any;
mod documents;
mod errors;
mod meaning;
mod oracle;
mod text;
