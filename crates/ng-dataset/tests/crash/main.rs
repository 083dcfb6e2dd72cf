//! Power cuts and failing operations, over the simulated disk.

#![allow(
    clippy::unwrap_used,
    reason = "clippy sees no test in the helpers of tests"
)]

mod faults;
mod images;
mod power_cut;
mod stream;
