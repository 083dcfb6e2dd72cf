//! Programs outside the workspace that depend on one library each: a feature
//! or a dependency that only the workspace brings shows here.

use std::fs;

use anyhow::{Context, Result};

use crate::cargo::{command, root, run};

/// Each library with the example that its consumer is made of.
const CONSUMERS: [(&str, &str); 4] = [
    ("ng-token", "first_token.rs"),
    ("ng-store", "fill_and_measure.rs"),
    ("ng-parallel", "sum_ids.rs"),
    ("ng-lab", "sorting.rs"),
];

/// Builds and runs every consumer.
pub(crate) fn consumers() -> Result<()> {
    for (library, example) in CONSUMERS {
        consumer(library, example).with_context(|| format!("consumer of {library}"))?;
    }
    Ok(())
}

fn consumer(library: &str, example: &str) -> Result<()> {
    let folder = root().join("target/consumers").join(library);
    let source = root().join("crates").join(library);
    fs::create_dir_all(folder.join("src"))?;
    fs::write(
        folder.join("Cargo.toml"),
        manifest(library, &source.display().to_string()),
    )?;
    fs::copy(
        source.join("examples").join(example),
        folder.join("src/main.rs"),
    )?;
    // The versions of the workspace, not what came out this morning.
    fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
    let shared_target = root().join("target/consumers/target");
    run(command()
        .current_dir(&folder)
        .env("CARGO_TARGET_DIR", shared_target)
        .args(["run", "--quiet"]))
}

fn manifest(library: &str, path: &str) -> String {
    format!(
        r#"[package]
name = "consumer-of-{library}"
version = "0.0.0"
edition = "2024"

[dependencies]
{library} = {{ path = '{path}' }}

[workspace]
"#
    )
}
