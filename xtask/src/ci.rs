//! `ci`: what a change must pass.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::cargo::{builds, cargo, command, root, run};
use crate::consumers::consumers;
use crate::fuzz;
use crate::peers;
use crate::profiles::Profile;
use crate::python;
use crate::test::test;
use crate::torture;

/// The crates that others may depend on.
const LIBRARIES: [&str; 9] = [
    "ng-token",
    "ng-synth",
    "ng-store",
    "ng-parallel",
    "ng-arrow",
    "ng-query",
    "ng-dataset",
    "ng-plot",
    "ng-lab",
];
/// `ng-stress`'s exit code for figures that must not be used.
const EXIT_INVALID: i32 = 5;
/// Its message if the machine lacks memory, disk or a right for every cell.
const NOTHING_FITS: &str = "nothing can be measured here: ";
/// The scenarios that are measured only if named.
const ON_FILES: [&str; 13] = [
    "persist",
    "reopen",
    "scan",
    "lookup",
    "larger-than-memory",
    "crash",
    "filter",
    "aggregate",
    "nearest",
    "sort",
    "stream",
    "update",
    "dataset-scan",
];

/// How long each target is fuzzed.
const FUZZ_TIME: Duration = Duration::from_secs(5);

type Step = (&'static str, fn() -> Result<()>);

const STEPS: [Step; 10] = [
    ("format", format),
    ("lints", lints),
    ("tests", || test(&Profile::BOTH, &[])),
    ("python", python::test_if_possible),
    ("documentation", documentation),
    ("packages", packages),
    ("consumers", consumers),
    ("fuzz", fuzz_a_little),
    ("peers", peers::check),
    ("smoke-stress", smoke_stress),
];

#[derive(Debug, Args)]
pub(crate) struct CiArgs {
    /// The step to begin with, such as one that failed before
    #[arg(long, value_name = "STEP", value_parser = PossibleValuesParser::new(STEPS.map(|(name, _)| name)))]
    #[arg(default_value = STEPS[0].0)]
    from: String,
}

pub(crate) fn ci(args: &CiArgs) -> Result<()> {
    for (name, step) in STEPS.into_iter().skip_while(|(name, _)| *name != args.from) {
        println!("ci: {name}");
        let start = Instant::now();
        step().with_context(|| format!("ci: {name}"))?;
        println!(
            "ci: {name} passed in {:.0} s",
            start.elapsed().as_secs_f64()
        );
    }
    Ok(())
}

fn format() -> Result<()> {
    cargo(["fmt", "--all", "--check"])?;
    python::format()?;
    run(fuzz::cargo().args(["fmt", "--check"]))
}

fn lints() -> Result<()> {
    let clippy = ["clippy", "--workspace", "--all-targets", "--all-features"];
    cargo(clippy.iter().chain(&["--", "-D", "warnings"]))?;
    python::lints()?;
    if fuzz::missing().is_some() {
        return Ok(());
    }
    run(fuzz::cargo().args(["clippy", "--release", "--", "-D", "warnings"]))
}

fn documentation() -> Result<()> {
    run(command()
        .current_dir(root())
        .env("RUSTDOCFLAGS", "-D warnings")
        .args(["doc", "--workspace", "--no-deps", "--all-features"]))
}

/// Packs each library and builds it from its package, the others taken from theirs: nothing needs
/// to be on a registry. Each is built as seen by users without its optional features, and without
/// warnings.
fn packages() -> Result<()> {
    // A new folder for each run: Cargo keeps what it unpacks by the path of the packages, and would
    // build those of an earlier run at the same path.
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let folder = builds().join(format!("packages-{}", now.as_nanos()));
    let mut package = command();
    package
        .current_dir(root())
        .env("RUSTFLAGS", "-D warnings")
        .env("CARGO_PROFILE_DEV_DEBUG", "none")
        .args(["package", "--allow-dirty"]);
    for library in LIBRARIES {
        package.args(["--package", library]);
    }
    let outcome = run(package.arg("--target-dir").arg(&folder));
    fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
    outcome
}

/// Checks that every target builds, takes its seeds and runs.
fn fuzz_a_little() -> Result<()> {
    torture::fuzz(FUZZ_TIME)
}

/// Checks that it runs, from the verb to the report: in memory, on files, and on a file of 1 GiB in
/// 128 MiB of memory. The figures of a machine that has just built everything are not judged.
fn smoke_stress() -> Result<()> {
    let small = ["--tokens", "100k", "--rounds", "1"];
    let files = ["--tokens", "20k", "--rounds", "1"];
    let large = ["--tokens", "16777216", "--rounds", "1"];
    let release_only = ["--profiles", "release"];
    measure(&small, "ci-stress")?;
    measure(&[&ON_FILES[..], &files].concat(), "ci-stress-files")?;
    let large = [&["larger-than-memory"][..], &large, &release_only].concat();
    measure(&large, "ci-stress-large")
}

fn measure(arguments: &[&str], name: &str) -> Result<()> {
    let out = builds().join(name);
    let output = command()
        .current_dir(root())
        .args(["run", "--quiet", "--package", "xtask", "--", "stress"])
        .args(arguments)
        .arg("--out")
        .arg(&out)
        .stdout(Stdio::inherit())
        .stderr(Stdio::piped())
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    eprint!("{said}");
    if let Some(why) = said.lines().find(|line| line.contains(NOTHING_FITS)) {
        println!("ci: stress {arguments:?} skipped: {why}");
        return Ok(());
    }
    let status = output.status;
    if !status.success() && status.code() != Some(EXIT_INVALID) {
        bail!("stress: {status}");
    }
    for file in [
        "report.json",
        "report.md",
        "report.html",
        "samples.csv",
        "results.jsonl",
    ] {
        let path = out.join(file);
        if !path.is_file() {
            bail!("{} is missing", path.display());
        }
    }
    Ok(())
}
