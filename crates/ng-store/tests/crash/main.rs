//! Power cuts, kills and failing operations, over the simulated disk.
//!
//! `session` runs a `workload` and keeps what it was told; `check` holds a file
//! against that. The other modules are one kind of accident each. How much of
//! it is run stands in `size`; `NG_CRASH_SCALE=20` takes twenty times as much,
//! 1,000,000 images of power cuts among it.

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
