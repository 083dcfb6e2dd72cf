//! The program that compares with other stores. It is a workspace of its own, so
//! that nothing else compiles what it compares with.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::bench::Peers;
use crate::cargo::{become_process, command, root, run};

/// Builds the program and becomes it. Its options are its own to understand.
pub(crate) fn measure(peers: Peers, passed_on: &[&str]) -> Result<ExitCode> {
    run(&mut of_peers(&["build", "--release"]))?;
    let mut program = of_peers(&["run", "--quiet", "--release"]);
    program.arg("--");
    let figures = match peers {
        Peers::Stores => "target/ng-bench/peers.json",
        Peers::Queries => {
            program.arg("queries");
            "target/ng-bench/queries.json"
        }
    };
    program.arg("--out").arg(root().join(figures));
    program.args(passed_on);
    become_process(program)
}

/// What a change must pass: format, lints, every work of everybody on a
/// thousand tokens, and every question on ten thousand.
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

/// Cargo at work on that program, in a target folder beside the others'. The
/// working folder stays: the program's paths are relative to it.
fn of_peers(arguments: &[&str]) -> Command {
    let mut cargo = command();
    cargo.args(arguments).args(["--locked", "--manifest-path"]);
    cargo.arg(manifest()).arg("--target-dir");
    cargo.arg(root().join("target/peers"));
    cargo
}

fn manifest() -> PathBuf {
    root().join("benches/peers/Cargo.toml")
}
