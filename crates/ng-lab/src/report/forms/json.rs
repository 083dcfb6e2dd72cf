//! Files written completely or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use crate::model::Report;

/// Writes the report to `path` as JSON.
///
/// # Errors
/// The file cannot be written.
pub fn write_json(report: &Report, path: &Path) -> io::Result<()> {
    let mut text = serde_json::to_string_pretty(report)?;
    text.push('\n');
    write_whole(path, &text)
}

/// Writes `text` to `path` by way of a temporary file, so that `path` is always complete.
///
/// # Errors
/// The file cannot be written.
pub fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let temporary = path.with_extension("partial");
    let replaced = write_synced(&temporary, text).and_then(|()| fs::rename(&temporary, path));
    replaced.inspect_err(|_| {
        // The first error is the one to report.
        let _ = fs::remove_file(&temporary);
    })
}

/// Writes and syncs: a rename may survive a crash that its data does not.
fn write_synced(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
