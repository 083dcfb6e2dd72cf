//! The command line: parse, do, exit code.

mod args;
mod run;

use std::io;
use std::process::ExitCode;

use anyhow::Result;
use clap::{CommandFactory, Parser};
use ng_lab::doctor;
use ng_stress::scenarios::REGISTRY;

use args::{Cli, Command};

/// Runs the command line and gives its exit code: 0 ok, 1 error, 2 usage (by
/// clap), 5 invalid measurement, 130 interrupted.
pub(crate) fn run() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Run(args) => run::run(&args),
        Command::List => Ok(list()),
        Command::Doctor => doctor(),
        Command::Completions { shell } => Ok(completions(shell)),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn list() -> ExitCode {
    for scenario in REGISTRY {
        println!("{:<12} {}", scenario.name(), scenario.about());
        for variant in scenario.variants(&[1]) {
            println!("{:<12} - {}", "", variant.name);
        }
    }
    ExitCode::SUCCESS
}

fn doctor() -> Result<ExitCode> {
    for diagnosis in doctor::examine()? {
        let mark = if diagnosis.advice.is_some() { "!" } else { " " };
        println!("{mark} {:<17} {}", diagnosis.what, diagnosis.found);
        if let Some(advice) = diagnosis.advice {
            println!("  {:<17} -> {advice}", "");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn completions(shell: clap_complete::Shell) -> ExitCode {
    clap_complete::generate(shell, &mut Cli::command(), "ng-stress", &mut io::stdout());
    ExitCode::SUCCESS
}
