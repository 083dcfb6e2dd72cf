//! A file read while it is written, in every interleaving that loom finds.
//!
//! Within a process nothing is published to concurrent threads: a store commits and
//! refreshes through `&mut self`, and a snapshot is a counted reference to a map and a
//! length, which never change. The real concurrency is between a writer in one process and
//! readers in others, over one page cache. Here both run over a [`file::File`] whose bytes
//! appear piece by piece, and late. The model of who may write is beside `file/lock.rs`.

#![allow(
    clippy::unwrap_used,
    reason = "clippy sees no test in the helpers of tests"
)]

#[path = "../amount/mod.rs"]
#[allow(dead_code, reason = "shared with other tests, which skip some things")]
mod amount;
mod commits;
mod file;
mod model;
mod opening;
