//! Files that are not in memory.

use anyhow::{Context, Result, ensure};
use ng_store::disk::{Disk, RealFile};

/// Small files, as in tests, may be in a folder in memory if there is no other place.
const SMALL_BYTES: u64 = 64 << 20;

/// Has the system drop a file of `bytes`, which must not be mapped, and checks it: of the bytes
/// after `data_offset`, at most a hundredth of the file may stay.
pub(crate) fn drop_from_memory(disk: &RealFile, data_offset: u64, bytes: u64) -> Result<()> {
    disk.drop_cached(0, bytes);
    let left = disk.cached_bytes(data_offset, bytes)?;
    let left = left.context("the system does not tell how much of the file is in memory")?;
    ensure!(
        left <= bytes / 100 || bytes < SMALL_BYTES,
        "{left} bytes of the file stay in memory"
    );
    Ok(())
}
