//! Power cuts, kills and failing operations, over the simulated disk.
//!
//! `session` runs a `workload` and records the results it saw; `check` compares a file with
//! them. Each other module is one kind of accident. `size` sets how much is run;
//! `NG_CRASH_SCALE=20` runs twenty times as much, including 1,000,000 images of power cuts.

#![allow(
    clippy::unwrap_used,
    reason = "clippy sees no test in the helpers of tests"
)]

mod accident;
#[path = "../amount/mod.rs"]
#[allow(dead_code, reason = "shared with other tests, which skip some things")]
mod amount;
mod check;
mod damaged_tail;
mod failed_sync;
mod failing;
mod full;
mod images;
mod kill;
mod power_cut;
mod readers;
mod session;
mod size;
mod torn_sector;
mod watched;
mod workload;
