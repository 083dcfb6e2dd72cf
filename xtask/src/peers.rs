//! The program that compares with other stores. It is its own workspace, so that nothing else
//! compiles the peers.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::cargo::{become_process, builds, command, root, run};

/// Compares stores.
pub(crate) fn stores(passed_on: &[&str]) -> Result<ExitCode> {
    measure(&[], "target/ng-bench/peers.json", passed_on)
}

/// Compares queries.
pub(crate) fn queries(passed_on: &[&str]) -> Result<ExitCode> {
    measure(&["queries"], "target/ng-bench/queries.json", passed_on)
}

/// Builds the program and becomes it. It parses its own options.
fn measure(verb: &[&str], figures: &str, passed_on: &[&str]) -> Result<ExitCode> {
    run(&mut of_peers(&["build", "--release"]))?;
    let mut program = of_peers(&["run", "--quiet", "--release"]);
    program.arg("--").args(verb);
    program.arg("--out").arg(root().join(figures));
    program.args(passed_on);
    become_process(program)
}

/// What a change must pass: format, lints, every work of every store on a thousand tokens, and
/// every question on ten thousand.
pub(crate) fn check() -> Result<()> {
    let mut format = command();
    format
        .args(["fmt", "--check", "--manifest-path"])
        .arg(manifest());
    run(&mut format)?;
    let mut lints = of_peers(&["clippy", "--all-targets"]);
    run(lints.args(["--", "-D", "warnings"]))?;
    run(&mut of_peers(&["test"]))
}

/// Cargo for that program. The working directory stays: the program's paths are relative to it.
fn of_peers(arguments: &[&str]) -> Command {
    let mut cargo = command();
    cargo.args(arguments).args(["--locked", "--manifest-path"]);
    cargo.arg(manifest()).arg("--target-dir");
    cargo.arg(builds());
    cargo
}

fn manifest() -> PathBuf {
    root().join("benches/peers/Cargo.toml")
}
