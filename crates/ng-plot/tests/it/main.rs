//! The public surface: a page with one of everything.

#![allow(clippy::unwrap_used, reason = "a failing test shows where")]

mod page;
mod parts;
mod sample;
mod style;
