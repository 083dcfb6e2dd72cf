use std::fs;
use std::path::Path;

/// The disk space of the file, holes left out.
#[cfg(unix)]
pub(crate) fn allocated_bytes(path: &Path) -> Option<u64> {
    use std::os::unix::fs::MetadataExt;
    /// The unit of `st_blocks`, whatever the file system's blocks are.
    const UNIT_BYTES: u64 = 512;
    let metadata = fs::metadata(path).ok()?;
    Some(metadata.blocks() * UNIT_BYTES)
}

#[cfg(not(unix))]
pub(crate) fn allocated_bytes(_path: &Path) -> Option<u64> {
    None
}
