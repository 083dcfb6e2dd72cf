//! Ours and others on the same tokens: conductor and worker in one program.
//!
//! A cell is a work (`works/`, a scenario of `ng-lab` each), done by one of the stores (`peers/`).
//! The conductor (`rounds.rs`) starts a worker process for each cell of each round, in random
//! order, and pairs the results by round (`report.rs`).
//!
//! With `queries` as its first argument it is another program (`queries/`), which compares answers
//! to queries, with peers in Python.
//!
//! Begin reading at `works/mod.rs` and `peers/mod.rs`, then `plan.rs` and `rounds.rs`.

mod bars;
mod cli;
mod folder;
#[expect(
    unsafe_code,
    reason = "maps and databases in this program's own files; nowhere else"
)]
mod maps;
mod peers;
mod plan;
mod queries;
mod reader;
mod records;
mod report;
mod rounds;
mod say;
mod table;
mod who;
mod works;

use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use ng_lab::protocol::WORKER_ARGUMENT;

use works::REGISTRY;

/// The first argument that selects the comparison of queries instead of stores.
const QUERIES: &str = "queries";

fn main() -> ExitCode {
    ng_store::ignore_file_size_signal();
    let arguments: Vec<OsString> = std::env::args_os().collect();
    match &arguments[..] {
        [_, worker, job] if worker == WORKER_ARGUMENT => serve(job),
        [_, kind, ..] if kind == QUERIES => queries::run(&arguments[1..]),
        _ => cli::run(),
    }
}

fn serve(job: &OsStr) -> ExitCode {
    match ng_lab::serve(&REGISTRY, &job.to_string_lossy()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The conductor reads it, if still alive.
            say::err(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}
