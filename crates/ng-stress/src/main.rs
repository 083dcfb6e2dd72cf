//! The program `ng-stress`: conductor, worker, and command line.

mod cli;

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::process::ExitCode;

use ng_lab::protocol::WORKER_ARGUMENT;
use ng_lab::soak::SOAK_ARGUMENT;
use ng_lab::{CountingAllocator, Failure};
use ng_stress::scenarios::REGISTRY;
use ng_stress::{WRITER_ARGUMENT, write_until_killed};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

fn main() -> ExitCode {
    ng_store::ignore_file_size_signal();
    let arguments: Vec<OsString> = std::env::args_os().collect();
    match &arguments[..] {
        [_, worker, job] if worker == WORKER_ARGUMENT => ended(serve(job)),
        [_, writer, work @ ..] if writer == WRITER_ARGUMENT => ended(write_until_killed(work)),
        [_, soak, job] if soak == SOAK_ARGUMENT => {
            ended(ng_stress::soak::serve(&job.to_string_lossy()))
        }
        _ => cli::run(),
    }
}

fn serve(job: &OsStr) -> Result<(), Failure> {
    ng_lab::serve(&REGISTRY, &job.to_string_lossy())
}

/// The exit code of a process started by another.
fn ended(done: Result<(), Failure>) -> ExitCode {
    if let Err(error) = done {
        // The parent process reads it, if it still runs.
        let _ = writeln!(io::stderr(), "error: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
