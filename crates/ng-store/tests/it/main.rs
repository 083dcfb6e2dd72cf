//! The public surface of `ng-store`.

#![allow(
    clippy::unwrap_used,
    reason = "clippy sees no test in the helpers of tests"
)]

mod conformance;
mod in_place;
mod memory;
mod mmap;
mod vec_store;
