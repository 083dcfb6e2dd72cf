//! The folder of a run's files.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::works::{KEPT, NEW};

/// The prefix of such folders' names.
const PREFIX: &str = "ng-peers-";
/// The file in a folder that its run holds locked.
const LOCK: &str = "lock";

/// A folder of this run; dropping it removes it with all its contents.
#[derive(Debug)]
pub(crate) struct Folder {
    folder: TempDir,
    _lock: File,
}

impl Folder {
    /// Makes a folder in `parent`, and removes those of killed runs.
    pub(crate) fn begin(parent: &Path) -> Result<Self> {
        fs::create_dir_all(parent)
            .and_then(|()| remove_leftovers(parent))
            .and_then(|()| Self::make(parent))
            .with_context(|| {
                let what = "expected a folder that can be made and written";
                format!("--dir {}: {what}", parent.display())
            })
    }

    fn make(parent: &Path) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent)?;
        let lock = File::create(folder.path().join(LOCK))?;
        lock.lock()?;
        fs::create_dir(folder.path().join(KEPT))?;
        fs::create_dir(folder.path().join(NEW))?;
        Ok(Self {
            folder,
            _lock: lock,
        })
    }

    /// Returns its path.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Removes it, and reports failure.
    pub(crate) fn close(self) -> Result<()> {
        let path = self.path().display().to_string();
        self.folder
            .close()
            .with_context(|| format!("removing {path}"))
    }

    /// Keeps the new file of that name for its readers.
    pub(crate) fn keep(&self, name: &str) -> io::Result<()> {
        let from = self.path().join(NEW).join(name);
        fs::rename(from, self.path().join(KEPT).join(name))
    }

    /// Removes what workers have made. When it returns, the file system has nothing left to do, and
    /// the next worker is alone with the disk.
    pub(crate) fn clear_new(&self) -> io::Result<()> {
        let new = self.path().join(NEW);
        fs::remove_dir_all(&new)?;
        fs::create_dir(&new)?;
        File::open(self.path())?.sync_all()
    }
}

/// Free bytes of the file system that `place` is on.
pub(crate) fn free_bytes(place: &Path) -> Result<u64> {
    let system = rustix::fs::statvfs(place);
    let system = system.with_context(|| format!("free space of {}", place.display()))?;
    Ok(system.f_bavail.saturating_mul(system.f_frsize))
}

fn remove_leftovers(parent: &Path) -> io::Result<()> {
    for entry in fs::read_dir(parent)? {
        let path = entry?.path();
        if is_left_over(&path) {
            fs::remove_dir_all(&path)?;
        }
    }
    Ok(())
}

/// Whether a run made this folder and is no longer alive.
fn is_left_over(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let lock = File::open(path.join(LOCK));
    name.starts_with(PREFIX) && lock.is_ok_and(|lock| lock.try_lock().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
        let names = entries.map(|entry| entry.file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn a_folder_goes_with_its_run_and_leaves_others_alone() {
        let parent = tempfile::tempdir().unwrap();
        fs::write(parent.path().join("ng-peers-notes"), "not a folder").unwrap();
        let other = parent.path().join("somebody's");
        fs::create_dir(&other).unwrap();
        fs::write(other.join(LOCK), "held by nobody").unwrap();
        let before = names(parent.path());
        let folder = Folder::begin(parent.path()).unwrap();
        fs::write(folder.path().join(NEW).join("file"), "1").unwrap();
        assert_eq!(names(parent.path()).len(), before.len() + 1);
        drop(folder);
        assert_eq!(names(parent.path()), before);
    }

    #[test]
    fn what_a_killed_run_left_is_removed_and_a_living_one_is_not() {
        let parent = tempfile::tempdir().unwrap();
        let living = Folder::begin(parent.path()).unwrap();
        let killed = Folder::begin(parent.path()).unwrap();
        let left = killed.folder.keep();
        let next = Folder::begin(parent.path()).unwrap();
        assert!(left.exists(), "its lock is held");
        drop(killed._lock);
        drop(next);
        let next = Folder::begin(parent.path()).unwrap();
        assert_eq!((left.exists(), living.path().exists()), (false, true));
        drop(next);
    }

    #[test]
    fn new_files_are_kept_or_cleared() {
        let parent = tempfile::tempdir().unwrap();
        let folder = Folder::begin(parent.path()).unwrap();
        let new = folder.path().join(NEW);
        fs::write(new.join("a"), "1").unwrap();
        fs::create_dir(new.join("b")).unwrap();
        folder.keep("a").unwrap();
        folder.clear_new().unwrap();
        assert_eq!(names(&new), Vec::<String>::new());
        assert_eq!(names(&folder.path().join(KEPT)), ["a"]);
    }

    #[test]
    fn a_place_that_is_no_folder_is_named() {
        let parent = tempfile::tempdir().unwrap();
        let file = parent.path().join("file");
        fs::write(&file, "1").unwrap();
        let refused = format!("{:#}", Folder::begin(&file).unwrap_err());
        assert!(
            refused.contains("--dir") && refused.contains("expected a folder"),
            "{refused}"
        );
        assert!(free_bytes(parent.path()).unwrap() > 0);
    }
}
