//! The command line: parse, do, exit code.

mod args;
mod claims;
mod run;
mod say;

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
        Command::Claims(args) => claims::claims(&args),
        Command::List => say::out(&list()).map(|()| ExitCode::SUCCESS),
        Command::Doctor => doctor(),
        Command::Completions { shell } => completions(shell),
    };
    done.unwrap_or_else(|error| {
        say::err(&format!("error: {error:#}"));
        ExitCode::FAILURE
    })
}

fn list() -> String {
    let mut text = String::new();
    for scenario in REGISTRY {
        text.push_str(&format!("{:<12} {}\n", scenario.name(), scenario.about()));
        for variant in scenario.variants(&[1]) {
            text.push_str(&format!("{:<12} - {}\n", "", variant.name));
        }
    }
    text
}

fn doctor() -> Result<ExitCode> {
    let mut text = String::new();
    for diagnosis in doctor::examine()? {
        let mark = if diagnosis.advice.is_some() { "!" } else { " " };
        text.push_str(&format!(
            "{mark} {:<17} {}\n",
            diagnosis.what, diagnosis.found
        ));
        if let Some(advice) = diagnosis.advice {
            text.push_str(&format!("  {:<17} -> {advice}\n", ""));
        }
    }
    say::out(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn completions(shell: clap_complete::Shell) -> Result<ExitCode> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "ng-stress", &mut text);
    say::out(&String::from_utf8_lossy(&text))?;
    Ok(ExitCode::SUCCESS)
}
