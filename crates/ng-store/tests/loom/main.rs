//! A file that is read while it is written, in every order of steps that loom
//! finds.
//!
//! Within a process nothing is published to threads that look on: a store
//! commits and refreshes through `&mut self`, and a snapshot is a counted
//! reference to a map and a length, which never change. What really runs at once
//! is a writer in one process and readers in others, over one page cache. Here
//! the code of both runs over a [`file::File`] whose bytes appear piece by piece,
//! and late. Who may write at all is modelled beside `file/lock.rs`.

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
