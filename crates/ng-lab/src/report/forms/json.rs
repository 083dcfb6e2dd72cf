//! Files that are whole or not there.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use crate::model::Report;

/// Writes the report as `path`, by way of a temporary name beside it.
///
/// # Errors
/// The file cannot be written.
pub fn write_json(report: &Report, path: &Path) -> io::Result<()> {
    let mut text = serde_json::to_string_pretty(report)?;
    text.push('\n');
    write_whole(path, &text)
}

/// Writes `text` as `path`: the old file or the new one, never half of it.
///
/// # Errors
/// The file cannot be written.
pub fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let temporary = path.with_extension("partial");
    let replaced = write_synced(&temporary, text).and_then(|()| fs::rename(&temporary, path));
    replaced.inspect_err(|_| {
        // The first error is the one to tell.
        let _ = fs::remove_file(&temporary);
    })
}

/// Written and on its device: a rename may survive what its data does not.
fn write_synced(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
