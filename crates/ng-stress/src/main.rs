//! The program `ng-stress`: conductor, worker, and what is around them.

mod cli;

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::process::ExitCode;

use ng_lab::protocol::WORKER_ARGUMENT;
use ng_stress::scenarios::REGISTRY;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    match &arguments[..] {
        [_, worker, job] if worker == WORKER_ARGUMENT => serve(job),
        _ => cli::run(),
    }
}

fn serve(job: &OsStr) -> ExitCode {
    let served = ng_lab::serve(&REGISTRY, &job.to_string_lossy());
    if let Err(error) = served {
        // The conductor reads it, if it still lives.
        let _ = writeln!(io::stderr(), "error: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
