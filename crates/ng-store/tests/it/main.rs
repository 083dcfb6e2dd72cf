//! The public surface of `ng-store`.

#![allow(
    clippy::unwrap_used,
    reason = "clippy sees no test in the helpers of tests"
)]

#[path = "../amount/mod.rs"]
#[allow(dead_code, reason = "shared with other tests, which skip some things")]
mod amount;
mod conformance;
mod in_place;
mod memory;
mod mmap;
mod vec_store;
