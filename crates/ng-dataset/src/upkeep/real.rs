//! What only the operating system's files tell.

use std::fs::{self, Metadata};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// How long ago a file was written last; nothing, if that is to come.
pub(super) fn age(path: &Path) -> io::Result<Duration> {
    let modified = fs::metadata(path)?.modified()?;
    Ok(SystemTime::now()
        .duration_since(modified)
        .unwrap_or_default())
}

/// How many bytes of the disk a file takes; holes do not count.
pub(super) fn disk_bytes(path: &Path) -> io::Result<u64> {
    fs::metadata(path).map(|metadata| taken(&metadata))
}

#[cfg(unix)]
fn taken(metadata: &Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt;

    /// The unit of `st_blocks`, whatever the file system's own is.
    const BLOCK_BYTES: u64 = 512;
    metadata.blocks().saturating_mul(BLOCK_BYTES)
}

#[cfg(not(unix))]
fn taken(metadata: &Metadata) -> u64 {
    metadata.len()
}
