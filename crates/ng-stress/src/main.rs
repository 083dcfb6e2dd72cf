//! The program `ng-stress`: conductor, worker, and what is around them.

mod cli;

use std::process::ExitCode;

use ng_lab::protocol::WORKER_ARGUMENT;
use ng_stress::scenarios::REGISTRY;

fn main() -> ExitCode {
    let mut arguments = std::env::args();
    if let (Some(WORKER_ARGUMENT), Some(job)) = (arguments.nth(1).as_deref(), arguments.next()) {
        return worker(&job);
    }
    cli::run()
}

fn worker(job: &str) -> ExitCode {
    match ng_lab::serve(&REGISTRY, job) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
