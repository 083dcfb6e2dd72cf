//! The public surface: tokens to columns and back, in every format.

#![allow(
    clippy::unwrap_used,
    reason = "clippy sees no test in the helpers of tests"
)]

#[path = "../../../ng-store/tests/amount/mod.rs"]
#[allow(dead_code, reason = "shared with other tests, which have sizes")]
mod amount;
mod batches;
mod formats;
mod harness;
mod hostile;
mod python;
mod refusals;
mod text;
