//! What only the operating system's files tell.

use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::{Duration, SystemTime};

use ng_query::sealed::FileId;
use ng_store::disk::{Dir, Disk};

use crate::DatasetError;
use crate::place::{Place, shard_name};

/// How long ago a file was written last; nothing, if that is to come.
pub(super) fn age(path: &Path) -> io::Result<Duration> {
    let modified = fs::metadata(path)?.modified()?;
    Ok(SystemTime::now()
        .duration_since(modified)
        .unwrap_or_default())
}

/// How many bytes of the disk a shard takes; `None` if it is not there. On a disk that does not say
/// it is its length.
pub(super) fn shard_bytes<R: Dir>(
    place: &Place<R>,
    shards: &R,
    file: FileId,
) -> Result<Option<u64>, DatasetError> {
    let path = place.shard_path(file);
    let bytes = match place.is_real() {
        true => disk_bytes(&path),
        false => shards
            .open(&shard_name(file), false)
            .and_then(|disk| disk.len()),
    };
    match bytes {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        bytes => bytes.map(Some).map_err(DatasetError::io(path, "inspect")),
    }
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
