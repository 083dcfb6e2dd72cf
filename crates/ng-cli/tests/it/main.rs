//! The program `ng`, run over temporary files.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]
// Named pipes, signals and mounts are tested as on Linux.
#![cfg(target_os = "linux")]

#[path = "../../../ng-store/tests/amount/mod.rs"]
mod amount;
mod append;
mod browser;
#[path = "../../../ng-plot/tests/browser/mod.rs"]
mod browser_tools;
mod cache;
mod copy;
mod create;
mod cut;
mod dataset;
mod describe;
mod export;
mod file_size;
mod full_disk;
mod harness;
mod head;
mod index;
mod info;
mod killed;
mod lost_slot;
mod mounted;
mod one_rule;
mod outputs;
mod own_output;
mod page;
mod progress;
mod query;
mod refusals;
mod repair;
mod salvage;
mod signals;
mod sort;
mod streams;
mod tables;
mod trim;
mod verify;
