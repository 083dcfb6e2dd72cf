//! The public surface of the crate, on the file system of this machine.

#![allow(
    clippy::unwrap_used,
    reason = "clippy sees no test in the helpers of tests"
)]

mod creation;
mod damage;
mod follow;
mod tasks;
mod writer;
