//! The command line: parse, run, exit code.

mod args;
mod claims;
mod exit;
mod kept;
mod run;
mod say;
mod soak;
mod versus;

use std::process::ExitCode;

use anyhow::Result;
use clap::{CommandFactory, Parser};
use ng_lab::doctor;
use ng_stress::scenarios::{self, REGISTRY};

use args::{Cli, Command};

/// Runs the command line and returns its exit code: 2 for usage (by clap), others as in
/// `exit.rs`.
pub(crate) fn run() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Run(args) => run::run(&args),
        Command::Claims(args) => claims::claims(&args),
        Command::Soak(args) => soak::soak(&args),
        Command::Compare(args) => kept::compare(&args),
        Command::Report(args) => kept::report(&args),
        Command::List => say::out(&list()).map(|()| ExitCode::SUCCESS),
        Command::Doctor => doctor(),
        Command::Completions { shell } => completions(shell),
    };
    done.unwrap_or_else(|error| {
        say::err(&format!("error: {error:#}"));
        exit::of_error(&error)
    })
}

fn list() -> String {
    let mut text = String::new();
    for scenario in REGISTRY {
        let is_default = scenarios::defaults()
            .iter()
            .any(|found| found.name() == scenario.name());
        let mark = if is_default { "*" } else { " " };
        let (name, about) = (scenario.name(), scenario.about());
        text.push_str(&format!("{name:<18} {mark} {about}\n"));
        for variant in scenario.variants(&[1]) {
            text.push_str(&format!("{:<18}   - {}\n", "", variant.name));
        }
    }
    text.push_str(
        "soak                 minutes to hours of mixed work on one file: `ng-stress soak`\n",
    );
    text.push_str("* measured when no scenario is named\n");
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
