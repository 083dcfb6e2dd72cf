//! `stress`: both builds of `ng-stress`, then the release one as the conductor.

use std::process::{Command, ExitCode};

use anyhow::Result;
use clap::Args;

use crate::against::{self, SHORT_ID};
use crate::cargo::{become_process, cargo, command, exit_code, root};
use crate::profiles::Profile;

/// Everything but the name of the verb is left to `ng-stress`, so that its options are written down
/// once.
#[derive(Debug, Args)]
pub(crate) struct StressArgs {
    /// Options of `ng-stress`; `--help` shows them
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGS"
    )]
    args: Vec<String>,
}

pub(crate) fn stress(args: &StressArgs) -> Result<ExitCode> {
    let Some(soak) = soak(&args.args) else {
        return conduct("run", args);
    };
    build(Profile::Release)?;
    become_process(soak)
}

/// Builds what is needed, then becomes `ng-stress` with `verb`.
pub(crate) fn conduct(verb: &str, args: &StressArgs) -> Result<ExitCode> {
    build(Profile::Release)?;
    if !wants_help(&args.args) {
        // Bad options are refused before a second build.
        let check = conductor(verb).arg("--check").args(&args.args).status()?;
        if !check.success() {
            return Ok(exit_code(check));
        }
        if needs_dev(&args.args) {
            build(Profile::Dev)?;
        }
    }
    let mut conductor = conductor(verb);
    conductor.args(&args.args).env("NG_STRESS_COMMIT", commit());
    if let Some(rev) = value_of("--against", &args.args).filter(|_| !wants_help(&args.args)) {
        let against = against::build(rev, compared_profile(&args.args))?;
        conductor.arg("--against-program").arg(against.program);
        conductor.args(["--against-commit", &against.commit[..SHORT_ID]]);
    }
    become_process(conductor)
}

/// `stress soak` measures one build, and has options of its own.
fn soak(args: &[String]) -> Option<Command> {
    let (_, options) = args.split_first().filter(|(first, _)| *first == "soak")?;
    let mut soak = conductor("soak");
    soak.args(options).env("NG_STRESS_COMMIT", commit());
    Some(soak)
}

fn conductor(verb: &str) -> Command {
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
    let profiles = profiles(args);
    profiles.contains("dev") || profiles.contains("debug")
}

/// The build in which another revision is measured: the one with an A/A copy.
fn compared_profile(args: &[String]) -> Profile {
    if profiles(args).contains("release") {
        Profile::Release
    } else {
        Profile::Dev
    }
}

fn profiles(args: &[String]) -> &str {
    value_of("--profiles", args).unwrap_or("dev,release")
}

/// The value of an option, the last one if it is repeated.
fn value_of<'a>(option: &str, args: &'a [String]) -> Option<&'a str> {
    let mut words = args.iter().map(String::as_str);
    let mut value = None;
    while let Some(word) = words.next() {
        match word.split_once('=') {
            Some((name, found)) if name == option => value = Some(found),
            _ if word == option => value = words.next(),
            _ => {}
        }
    }
    value
}

/// The commit that is measured; empty outside a checkout.
fn commit() -> String {
    Command::new("git")
        .args([
            "describe",
            "--always",
            "--dirty",
            "--abbrev=12",
            "--exclude=*",
        ])
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

    #[test]
    fn another_revision_is_built_as_its_copies_are() {
        for (args, rev, profile) in [
            ("create", None, Profile::Release),
            ("--against HEAD~1 create", Some("HEAD~1"), Profile::Release),
            ("--against=v1 --profiles dev", Some("v1"), Profile::Dev),
            ("--profiles=dev,release --against", None, Profile::Release),
        ] {
            let words: Vec<String> = args.split_whitespace().map(str::to_owned).collect();
            assert_eq!(value_of("--against", &words), rev, "{args}");
            assert_eq!(compared_profile(&words), profile, "{args}");
        }
    }
}
