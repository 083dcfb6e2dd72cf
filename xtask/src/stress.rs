//! `stress`: both builds of `ng-stress`, then the release one as the conductor.

use std::process::{Command, ExitCode};

use anyhow::Result;
use clap::Args;

use crate::cargo::{become_process, cargo, command, exit_code, root};
use crate::profiles::Profile;

/// Everything but the name of the verb is `ng-stress run`'s to understand, so
/// that its options are written down once.
#[derive(Debug, Args)]
pub(crate) struct StressArgs {
    /// Options of `ng-stress run`; `--help` shows them
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGS"
    )]
    args: Vec<String>,
}

pub(crate) fn stress(args: &StressArgs) -> Result<ExitCode> {
    build(Profile::Release)?;
    if let Some(soak) = soak(&args.args) {
        return become_process(soak);
    }
    if !wants_help(&args.args) {
        // Bad options are refused before a second build.
        let check = conductor().arg("--check").args(&args.args).status()?;
        if !check.success() {
            return Ok(exit_code(check));
        }
        if needs_dev(&args.args) {
            build(Profile::Dev)?;
        }
    }
    let mut conductor = conductor();
    conductor.args(&args.args).env("NG_STRESS_COMMIT", commit());
    become_process(conductor)
}

/// `stress soak` measures one build, and has options of its own.
fn soak(args: &[String]) -> Option<Command> {
    let (_, options) = args.split_first().filter(|(first, _)| *first == "soak")?;
    let mut soak = verb("soak");
    soak.args(options).env("NG_STRESS_COMMIT", commit());
    Some(soak)
}

fn conductor() -> Command {
    verb("run")
}

fn verb(verb: &str) -> Command {
    let mut conductor = command();
    conductor
        .args(["run", "--quiet", "--release", "--package", "ng-stress"])
        .arg("--manifest-path")
        .arg(root().join("Cargo.toml"))
        .args(["--", verb]);
    conductor
}

fn build(profile: Profile) -> Result<()> {
    cargo(
        ["build", "--package", "ng-stress"]
            .iter()
            .chain(profile.arguments()),
    )
}

fn wants_help(args: &[String]) -> bool {
    args.iter().any(|word| word == "--help" || word == "-h")
}

/// Whether the dev build is measured: unless `--profiles` says no.
fn needs_dev(args: &[String]) -> bool {
    let mut words = args.iter().map(String::as_str);
    let mut profiles = "dev,release";
    while let Some(word) = words.next() {
        match word.split_once('=') {
            Some(("--profiles", value)) => profiles = value,
            _ if word == "--profiles" => profiles = words.next().unwrap_or_default(),
            _ => {}
        }
    }
    profiles.contains("dev") || profiles.contains("debug")
}

/// The commit that is measured; empty outside a checkout.
fn commit() -> String {
    Command::new("git")
        .args(["describe", "--always", "--dirty", "--abbrev=12"])
        .current_dir(root())
        .output()
        .ok()
        .filter(|output| output.status.success())
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dev_build_is_made_unless_it_is_not_measured() {
        for (args, expected) in [
            ("", true),
            ("create --quick", true),
            ("--profiles dev", true),
            ("--profiles=debug", true),
            ("--profiles release create", false),
            ("--profiles=release", false),
        ] {
            let words: Vec<String> = args.split_whitespace().map(str::to_owned).collect();
            assert_eq!(needs_dev(&words), expected, "{args}");
        }
    }
}
