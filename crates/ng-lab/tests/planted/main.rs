//! The lab on itself: each error of the seed's report, planted deliberately, is caught by
//! real workers in real processes, and its clean twin is not flagged.
//!
//! One program is tests, conductor and worker, so it has its own harness.

mod checks;
mod files;
mod scenarios;
mod uneven;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use ng_lab::protocol::WORKER_ARGUMENT;

#[global_allocator]
static ALLOCATOR: ng_lab::CountingAllocator = ng_lab::CountingAllocator;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, worker, job] = &arguments[..]
        && worker == WORKER_ARGUMENT
    {
        return match ng_lab::serve(&scenarios::REGISTRY, job) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        };
    }
    let mut arguments = Arguments::from_args();
    // The machine lock allows only one measurement at a time anyway.
    arguments.test_threads = Some(1);
    libtest_mimic::run(&arguments, trials()).exit_code()
}

fn trials() -> Vec<Trial> {
    checks::ALL
        .iter()
        .map(|(name, check)| {
            Trial::test(*name, || {
                check();
                Ok(())
            })
        })
        .collect()
}
