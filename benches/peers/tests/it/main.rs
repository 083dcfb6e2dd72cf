//! The program, run on a thousand tokens.

mod options;
mod queries;
mod report;

use std::path::Path;
use std::process::Command;

/// The program, writing only to `folder`. It does not wait for the lock of other runs.
fn ng_peers(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ng-peers"));
    command
        .env("TMPDIR", folder)
        .current_dir(folder)
        .args(["--out", "out/peers.json"]);
    command
}

/// The names in a folder; none if it does not exist.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    names
        .map(|name| name.to_string_lossy().into_owned())
        .collect()
}
