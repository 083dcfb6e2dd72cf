//! The public surface of `ng-stress`: its scenarios, its report, its program.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

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
