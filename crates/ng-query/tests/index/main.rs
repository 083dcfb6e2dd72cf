//! The index of a file: right, or put aside, whatever happens to its files.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

#[path = "../../../ng-store/tests/amount/mod.rs"]
#[allow(dead_code, reason = "shared with other tests, which skip some things")]
mod amount;
mod arrow;
mod build;
mod fixture;
mod hostile;
mod kills;
mod stale;
mod two;
