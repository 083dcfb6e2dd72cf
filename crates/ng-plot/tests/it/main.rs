//! The public surface: a page with one of everything.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod page;
mod parts;
mod sample;
mod style;
