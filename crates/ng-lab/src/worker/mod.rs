//! The worker's side: one task per process, one line of reply.
//!
//! Start reading at `scenario.rs` (what is measured) and `run.rs` (how it is timed), then
//! `serve.rs` (the process).

pub(crate) mod access;
pub(crate) mod growth;
pub mod limits;
pub(crate) mod marks;
pub(crate) mod plant;
pub mod protocol;
pub(crate) mod run;
pub(crate) mod scenario;
pub(crate) mod serve;
