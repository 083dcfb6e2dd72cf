//! `ci`: what a change must pass.

use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::cargo::{cargo, command, root, run};
use crate::consumers::consumers;
use crate::profiles::Profile;
use crate::test::test;

/// The crates that others may depend on.
const LIBRARIES: [&str; 4] = ["ng-token", "ng-store", "ng-parallel", "ng-lab"];
/// `ng-stress`'s exit code for figures that must not be used.
const EXIT_INVALID: i32 = 5;

type Step = (&'static str, fn() -> Result<()>);

pub(crate) fn ci() -> Result<()> {
    let steps: [Step; 7] = [
        ("format", format),
        ("lints", lints),
        ("tests", || test(&Profile::BOTH, &[])),
        ("documentation", documentation),
        ("packages", packages),
        ("consumers", consumers),
        ("smoke stress", smoke_stress),
    ];
    for (name, step) in steps {
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
    cargo(["fmt", "--all", "--check"])
}

fn lints() -> Result<()> {
    let clippy = ["clippy", "--workspace", "--all-targets", "--all-features"];
    cargo(clippy.iter().chain(&["--", "-D", "warnings"]))
}

fn documentation() -> Result<()> {
    run(command()
        .current_dir(root())
        .env("RUSTDOCFLAGS", "-D warnings")
        .args(["doc", "--workspace", "--no-deps", "--all-features"]))
}

/// Each library is packed and built from its package, the others taken from
/// theirs: nothing needs to be on a registry.
fn packages() -> Result<()> {
    let mut arguments = vec!["package", "--allow-dirty"];
    for library in LIBRARIES {
        arguments.extend(["--package", library]);
    }
    cargo(arguments)
}

/// That it runs, from the verb to the report. The figures of a machine that has
/// just built everything are not judged.
fn smoke_stress() -> Result<()> {
    let out = root().join("target/ci-stress");
    let status = command()
        .current_dir(root())
        .args(["run", "--quiet", "--package", "xtask", "--"])
        .args(["stress", "--tokens", "100k", "--rounds", "1", "--out"])
        .arg(&out)
        .status()?;
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
