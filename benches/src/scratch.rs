//! The folder for data files.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use ng_lab::Volume;
use tempfile::TempDir;

/// Room left for everything else.
const SPARE_BYTES: u64 = 1 << 30;

/// A folder of this run; dropping it removes it with all its contents.
pub(crate) struct Scratch {
    folder: TempDir,
}

impl Scratch {
    /// Makes a folder within `place`, on a disk that has room for `bytes`.
    pub(crate) fn with_room(place: &Path, bytes: u64) -> Result<Self> {
        let volume = Volume::of(place);
        let free = volume
            .with_context(|| place.display().to_string())?
            .free_bytes;
        ensure!(
            bytes.saturating_add(SPARE_BYTES) <= free,
            "{bytes} bytes of disk needed and {SPARE_BYTES} to spare, but {free} are free in {}; \
             set NG_BENCH_DIR to another folder, or NG_BENCH_TOKENS to fewer tokens",
            place.display()
        );
        let folder = tempfile::Builder::new()
            .prefix("ng-bench-")
            .tempdir_in(place);
        let folder =
            folder.with_context(|| format!("no folder can be made in {}", place.display()))?;
        Ok(Self { folder })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// Durably removes a file or a folder, if it exists.
pub(crate) fn remove_for_good(path: &Path) -> io::Result<()> {
    let removed = match path.is_dir() {
        true => fs::remove_dir_all(path),
        false => fs::remove_file(path),
    };
    match removed {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(()) => path
            .parent()
            .map_or(Ok(()), |folder| File::open(folder)?.sync_all()),
    }
}
