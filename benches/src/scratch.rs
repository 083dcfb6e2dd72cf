//! The folder that data files lie in.

use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

/// The environment variable that names another place for data files.
const VARIABLE: &str = "NG_BENCH_DIR";

/// Room that is left to everybody else.
const SPARE_BYTES: u64 = 1 << 30;

/// A folder of this run, removed with all that is in it when it is dropped.
pub(crate) struct Scratch {
    folder: TempDir,
}

impl Scratch {
    /// Makes a folder on a disk that has room for `bytes`: where `NG_BENCH_DIR`
    /// says, else in Cargo's target folder.
    pub(crate) fn with_room(bytes: u64) -> Result<Self> {
        let place = place()?;
        fs::create_dir_all(&place).with_context(|| place.display().to_string())?;
        let free = free_bytes(&place)?;
        ensure!(
            bytes.saturating_add(SPARE_BYTES) <= free,
            "{bytes} bytes of disk needed and {SPARE_BYTES} to spare, but {free} are free in {}; \
             set {VARIABLE} to another folder, or NG_BENCH_TOKENS to fewer tokens",
            place.display()
        );
        let folder = tempfile::Builder::new()
            .prefix("ng-bench-")
            .tempdir_in(&place);
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

fn place() -> Result<PathBuf> {
    if let Some(place) = env::var_os(VARIABLE) {
        return Ok(place.into());
    }
    // A program of Cargo's lies in `target/PROFILE/deps`.
    let program = env::current_exe().context("path of this program")?;
    let target = program.ancestors().nth(3).unwrap_or(Path::new("."));
    Ok(target.join("ng-bench"))
}
