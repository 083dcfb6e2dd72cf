use std::fs::{self, File, TryLockError};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::order::SortError;

/// The names of folders of temporary files, before 16 digits.
const PREFIX: &str = ".ng-sort-";

const LOCK: &str = "lock";

/// How often a new folder is retried, if another sort removes it as abandoned.
const ATTEMPTS: usize = 8;

/// A folder of a sort's temporary files. Dropping it removes it, with all in it.
///
/// A lock in it is held meanwhile. A folder whose lock is free was left by a killed process; the
/// next sort that makes a folder beside it removes it.
#[derive(Debug)]
pub(super) struct TempFolder {
    path: PathBuf,
    /// Held until the folder is empty.
    _lock: File,
    files: u64,
}

impl TempFolder {
    /// Makes a folder in `dir`, which must exist, and removes abandoned ones in it.
    pub(super) fn make(dir: &Path) -> Result<Self, SortError> {
        let failed = |source| SortError::Temporary {
            path: dir.to_owned(),
            source,
        };
        remove_abandoned(dir).map_err(failed)?;
        for _ in 0..ATTEMPTS {
            if let Some((path, lock)) = attempt(dir).map_err(failed)? {
                return Ok(Self {
                    path,
                    _lock: lock,
                    files: 0,
                });
            }
        }
        Err(failed(ErrorKind::ResourceBusy.into()))
    }

    /// Refuses if the disk reports less room than this many bytes.
    pub(super) fn check_room(&self, needed: u64) -> Result<(), SortError> {
        match available_bytes(&self.path) {
            Some(available) if available < needed => Err(SortError::NoRoom {
                folder: self.path.parent().unwrap_or(&self.path).to_owned(),
                needed,
                available,
            }),
            _ => Ok(()),
        }
    }

    /// Returns the path of one more file.
    pub(super) fn next_file(&mut self) -> PathBuf {
        self.files += 1;
        self.path.join(format!("{:06}.raw", self.files))
    }

    /// Returns how many paths were given out.
    pub(super) fn files(&self) -> u64 {
        self.files
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        // The next sort removes what stays.
        let _ = remove_locked(&self.path);
    }
}

/// Until its lock is held, another sort may remove the folder as abandoned; the result is `None`
/// then.
fn attempt(dir: &Path) -> io::Result<Option<(PathBuf, File)>> {
    let random = RandomState::new().hash_one(std::process::id());
    let path = dir.join(format!("{PREFIX}{random:016x}"));
    fs::create_dir(&path)?;
    let lock = match File::create_new(path.join(LOCK)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        lock => lock?,
    };
    match lock.try_lock() {
        Err(TryLockError::WouldBlock) => return Ok(None),
        locked => locked?,
    }
    let is_there = path.join(LOCK).exists();
    Ok(is_there.then_some((path, lock)))
}

/// Removes abandoned folders. What cannot be removed stays.
/// Removes the folders of temporary files that killed sorts left in a folder.
///
/// # Errors
///
/// The folder cannot be listed. A folder that cannot be removed stays.
pub fn remove_abandoned(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        if name.to_str().is_some_and(is_temporary) {
            let _ = remove_unlocked(&dir.join(name));
        }
    }
    Ok(())
}

fn is_temporary(name: &str) -> bool {
    let digits = name.strip_prefix(PREFIX).unwrap_or_default();
    digits.len() == 16 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
}

fn remove_unlocked(path: &Path) -> io::Result<()> {
    // A link of that name is not ours.
    if !fs::symlink_metadata(path)?.is_dir() {
        return Ok(());
    }
    match File::open(path.join(LOCK)) {
        // Made but not locked yet, or all but removed.
        Err(error) if error.kind() == ErrorKind::NotFound => fs::remove_dir(path),
        Err(error) => Err(error),
        Ok(lock) => {
            lock.try_lock()?;
            remove_locked(path)
        }
    }
}

/// Removes a folder whose lock is held: last the lock file, by which it is found.
fn remove_locked(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let name = entry?.file_name();
        if name != LOCK {
            fs::remove_file(path.join(name))?;
        }
    }
    fs::remove_file(path.join(LOCK))?;
    fs::remove_dir(path)
}

/// Returns how many bytes can be written to the file system of the folder.
#[cfg(unix)]
fn available_bytes(folder: &Path) -> Option<u64> {
    let space = rustix::fs::statvfs(folder).ok()?;
    space.f_bavail.checked_mul(space.f_frsize)
}

#[cfg(not(unix))]
fn available_bytes(_folder: &Path) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).unwrap();
        let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name();
        let mut names: Vec<_> = entries
            .map(name)
            .map(|name| name.into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_folder_goes_with_all_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let mut folder = TempFolder::make(dir.path()).unwrap();
        let (one, two) = (folder.next_file(), folder.next_file());
        assert_ne!(one, two);
        fs::write(one, b"x").unwrap();
        assert_eq!(folder.files(), 2);
        assert_eq!(names(dir.path()).len(), 1);
        drop(folder);
        assert!(names(dir.path()).is_empty());
    }

    #[test]
    fn what_nobody_holds_is_removed_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for name in [
            ".ng-sort-0123456789abcdef",
            ".ng-sort-00000000000000ff",
            ".ng-sort-mine",
        ] {
            fs::create_dir(at(name)).unwrap();
        }
        // Killed with files, and killed before there was a lock.
        fs::write(at(".ng-sort-0123456789abcdef/lock"), b"").unwrap();
        fs::write(at(".ng-sort-0123456789abcdef/000001.raw"), b"x").unwrap();
        std::os::unix::fs::symlink(at(".ng-sort-mine"), at(".ng-sort-00000000000000aa")).unwrap();
        let held = TempFolder::make(dir.path()).unwrap();
        let second = TempFolder::make(dir.path()).unwrap();
        let held_name = held.path.file_name().unwrap().to_str().unwrap().to_owned();
        let second_name = second
            .path
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        let mut expected = vec![
            ".ng-sort-00000000000000aa".to_owned(),
            ".ng-sort-mine".to_owned(),
            held_name,
            second_name,
        ];
        expected.sort();
        assert_eq!(names(dir.path()), expected);
    }

    #[test]
    fn room_is_refused_where_there_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let folder = TempFolder::make(dir.path()).unwrap();
        folder.check_room(0).unwrap();
        let error = folder.check_room(u64::MAX).unwrap_err();
        assert!(
            matches!(&error, SortError::NoRoom { folder, .. } if folder == dir.path()),
            "{error}"
        );
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let error = TempFolder::make(&dir.path().join("none")).unwrap_err();
        assert!(error.to_string().contains("none"), "{error}");
    }
}
