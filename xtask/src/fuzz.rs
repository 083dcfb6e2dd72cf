//! The fuzz targets, which are a workspace of their own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::cargo::{command, root, run};

/// Each target, and the longest input.
pub(crate) const TARGETS: [(&str, usize); 6] = [
    ("open", 8 + (64 << 10)),
    ("slot", 9 + 12 * 40),
    ("operations", 4 * 48),
    ("filter", 2048),
    ("assign", 2048),
    ("index", 1 + 8 * 24),
];

/// What libFuzzer prints at its end.
const EXECUTED: &str = "stat::number_of_executed_units:";

/// Returns why nothing can be fuzzed here, if so.
pub(crate) fn missing() -> Option<&'static str> {
    let compiler = std::env::var_os("CXX").unwrap_or_else(|| "c++".into());
    let found = Command::new(compiler).arg("--version").output().is_ok();
    (!found).then_some("libFuzzer needs a C++ compiler")
}

/// Cargo in the workspace of the targets, with the flags set there.
pub(crate) fn cargo() -> Command {
    let mut cargo = command();
    cargo.current_dir(root().join("fuzz"));
    for name in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET"] {
        cargo.env_remove(name);
    }
    cargo
}

pub(crate) fn build() -> Result<()> {
    run(cargo().args(["build", "--release"]))
}

/// The command that fuzzes a target for a time, and adds to its corpus.
pub(crate) fn target(name: &str, input_max: usize, time: Duration) -> Result<Command> {
    let (corpus, artifacts) = (folder("corpus", name)?, folder("artifacts", name)?);
    let mut target = cargo();
    target
        .args(["run", "--quiet", "--release", "--bin", name, "--"])
        .arg(corpus)
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .arg(format!("-max_total_time={}", time.as_secs().max(1)))
        .arg(format!("-max_len={input_max}"))
        .args(["-print_final_stats=1", "-timeout=60", "-rss_limit_mb=2048"]);
    Ok(target)
}

fn folder(kind: &str, name: &str) -> Result<PathBuf> {
    let folder = root().join("target/fuzz").join(kind).join(name);
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    Ok(folder)
}

/// How many inputs a run tried, from its output.
pub(crate) fn executed(log: &Path) -> Result<u64> {
    let said = fs::read(log).with_context(|| log.display().to_string())?;
    match executed_in(&String::from_utf8_lossy(&said)) {
        Some(count) => Ok(count),
        None => bail!("{}: no line with `{EXECUTED}`", log.display()),
    }
}

fn executed_in(said: &str) -> Option<u64> {
    let mut counts = said.lines().filter_map(|line| line.strip_prefix(EXECUTED));
    counts.next_back()?.trim().parse().ok()
}

/// How many inputs were tried so far, from the pulse of a run: `#1024  pulse`.
pub(crate) fn pulse(log: &Path) -> Result<u64> {
    let said = fs::read(log).with_context(|| log.display().to_string())?;
    Ok(pulse_in(&String::from_utf8_lossy(&said)))
}

fn pulse_in(said: &str) -> u64 {
    let numbered = said.lines().rev().find_map(|line| line.strip_prefix('#'));
    let number = numbered.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_of_inputs_is_read_from_the_last_words() {
        let said = "#2\tINITED\nDone 12 runs\nstat::number_of_executed_units: 1234\nstat::x: 1\n";
        assert_eq!(executed_in(said), Some(1234));
        assert_eq!(executed_in("killed"), None);
        assert_eq!(pulse_in(said), 2);
        assert_eq!(pulse_in("INFO: seed"), 0);
    }
}
