//! The public surface of `ng-query`.

#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test may panic as the test may"
)]

mod assign;
#[path = "../ends/mod.rs"]
mod ends;
mod filter;
mod near;
mod order;
mod partial;
mod parts;
