//! The public surface of `ng-stress`: its scenarios, report and program.

#![allow(clippy::unwrap_used, reason = "a failing test shows where")]

mod claims;
mod flags;
mod gate;
mod harness;
mod instructions;
mod manifest;
mod program;
mod report;
mod scenarios;
mod soak;
