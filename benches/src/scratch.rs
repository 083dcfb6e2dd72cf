//! The folder that data files lie in.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

/// Room that is left to everybody else.
const SPARE_BYTES: u64 = 1 << 30;

/// A folder of this run, removed with all that is in it when it is dropped.
pub(crate) struct Scratch {
    folder: TempDir,
}

impl Scratch {
    /// Makes a folder within `place`, on a disk that has room for `bytes`.
    pub(crate) fn with_room(place: &Path, bytes: u64) -> Result<Self> {
        let free = free_bytes(place)?;
        ensure!(
            bytes.saturating_add(SPARE_BYTES) <= free,
            "{bytes} bytes of disk needed and {SPARE_BYTES} to spare, but {free} are free in {}; \
             set NG_BENCH_DIR to another folder, or NG_BENCH_TOKENS to fewer tokens",
            place.display()
        );
        let folder = tempfile::Builder::new()
            .prefix("ng-bench-")
            .tempdir_in(place);
        let folder = folder.with_context(|| place.display().to_string())?;
        Ok(Self { folder })
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn free_bytes(place: &Path) -> Result<u64> {
    let system = rustix::fs::statvfs(place);
    let system = system.with_context(|| format!("free space of {}", place.display()))?;
    Ok(system.f_bavail.saturating_mul(system.f_frsize))
}
