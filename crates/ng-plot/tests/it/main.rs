//! The public surface: a page with one of everything.

mod page;
mod parts;
mod sample;
mod style;
