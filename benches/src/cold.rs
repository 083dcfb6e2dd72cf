//! Files that are not in memory.

use anyhow::{Context, Result, ensure};
use ng_store::disk::{Disk, RealFile};

/// So small files lie in a folder in memory, as those of tests do, where there is no other
/// place for them.
const SMALL_BYTES: u64 = 64 << 20;

/// Has the system drop a file of `bytes`, which nobody may have mapped, and holds it to
/// that: of what follows `data_offset`, a hundredth of the file at most stays.
pub(crate) fn drop_from_memory(disk: &RealFile, data_offset: u64, bytes: u64) -> Result<()> {
    disk.drop_cached(0, bytes);
    let left = disk.cached_bytes(data_offset, bytes)?;
    let left = left.context("nobody tells what of the file is in memory")?;
    ensure!(
        left <= bytes / 100 || bytes < SMALL_BYTES,
        "{left} bytes of the file stay in memory"
    );
    Ok(())
}
