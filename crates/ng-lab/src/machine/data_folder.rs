//! Where workers write: one folder per run, one folder per worker, all removed.
//!
//! A run's folder is called `ng-lab-PID-RANDOM` and contains a lock file that the run
//! holds. A folder whose lock is free was left by a killed run, and the next run
//! removes it.

use std::fs::{self, File, TryLockError};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::machine::memory_group;

const PREFIX: &str = "ng-lab-";
const LOCK: &str = "lock";
const WORKER: &str = "worker";
const OWN: &str = "own";
/// Attempts to make a folder that no other run mistakes for a dead one.
const ATTEMPTS: usize = 8;

/// The folder of one run, removed on drop.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    name: String,
    lock: File,
}

impl DataFolder {
    /// Makes a folder in `dir`, and `dir` itself if necessary. Removes what dead runs
    /// left there, as far as permissions allow.
    ///
    /// # Errors
    /// `dir` cannot be made, read or written, or its path is not Unicode, as a worker's
    /// argument must be.
    pub fn make(dir: &Path) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        let dir = dir.canonicalize()?;
        if dir.to_str().is_none() {
            let what = "expected a Unicode path";
            return Err(io::Error::new(ErrorKind::InvalidInput, what));
        }
        sweep(&dir)?;
        for _ in 0..ATTEMPTS {
            if let Some(made) = Self::attempt(&dir)? {
                return Ok(made);
            }
        }
        let what = format!("{ATTEMPTS} new folders were removed by other runs");
        Err(io::Error::other(what))
    }

    /// Returns none if another starting run took the folder for a dead one before its
    /// lock was held.
    fn attempt(dir: &Path) -> io::Result<Option<Self>> {
        let random = RandomState::new().hash_one(0);
        let name = format!("{PREFIX}{}-{random:016x}", std::process::id());
        let path = dir.join(&name);
        fs::create_dir(&path)?;
        let lock = match File::create_new(path.join(LOCK)) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            lock => lock?,
        };
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => return Ok(None),
            locked => locked?,
        }
        let held = path.join(LOCK).exists();
        Ok(held.then_some(Self { path, name, lock }))
    }

    /// The folder's unique name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns a path for a file of the run itself, which is removed with the folder.
    ///
    /// # Errors
    /// Its parent folder cannot be created.
    pub(crate) fn own(&self, name: &str) -> io::Result<PathBuf> {
        let own = self.path.join(OWN);
        fs::create_dir_all(&own)?;
        Ok(own.join(name))
    }

    /// An empty folder for one worker. There is one at a time.
    ///
    /// # Errors
    /// It cannot be made.
    pub(crate) fn worker_folder(&self) -> io::Result<WorkerFolder<'_>> {
        let path = self.path.join(WORKER);
        remove_tree(&path)?;
        fs::create_dir(&path)?;
        Ok(WorkerFolder { path, run: self })
    }
}

impl Drop for DataFolder {
    fn drop(&mut self) {
        // The next run finds what remains.
        let _ = remove_locked(&self.path);
    }
}

/// The folder of one worker, removed on drop with its contents.
#[derive(Debug)]
pub(crate) struct WorkerFolder<'r> {
    path: PathBuf,
    run: &'r DataFolder,
}

impl WorkerFolder<'_> {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for WorkerFolder<'_> {
    fn drop(&mut self) {
        // If anything remains, making the next worker's folder fails and says so.
        let _ = fs::remove_dir_all(&self.path);
        settle(&self.run.lock);
    }
}

/// Lets the file system finish removing files, so that the next worker does not pay
/// for it.
#[cfg(target_os = "linux")]
fn settle(file: &File) {
    let _ = rustix::fs::syncfs(file);
}

#[cfg(not(target_os = "linux"))]
fn settle(_file: &File) {}

/// Removes the folders of dead runs in `dir`, and the cgroups named after them.
fn sweep(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| is_of_a_run(name)) else {
            continue;
        };
        // A link is never a run's folder.
        if entry.file_type()?.is_dir() && remove_dead(&entry.path()).is_ok() {
            memory_group::sweep(name);
        }
    }
    Ok(())
}

/// `ng-lab-`, a number, and 16 digits.
fn is_of_a_run(name: &str) -> bool {
    let parts = name
        .strip_prefix(PREFIX)
        .and_then(|rest| rest.split_once('-'));
    parts.is_some_and(|(process, random)| {
        process.parse::<u32>().is_ok()
            && random.len() == 16
            && random.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

/// Removes a run's folder, unless the run is alive. Without a lock file the folder is
/// half made or half removed: it is removed if empty, and a run that was making it
/// makes another.
fn remove_dead(folder: &Path) -> io::Result<()> {
    let path = folder.join(LOCK);
    match fs::symlink_metadata(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return fs::remove_dir(folder),
        // Opening a pipe would block.
        Ok(found) if !found.is_file() => return Err(ErrorKind::InvalidInput.into()),
        found => found?,
    };
    let lock = File::open(&path)?;
    lock.try_lock()?;
    remove_locked(folder)
}

/// Removes a run's folder whose lock is held. The lock file goes last: until then
/// another run can see that the folder is dead.
fn remove_locked(folder: &Path) -> io::Result<()> {
    for name in [WORKER, OWN] {
        remove_tree(&folder.join(name))?;
    }
    fs::remove_file(folder.join(LOCK))?;
    fs::remove_dir(folder)
}

/// Removes a folder with its contents, if it exists.
fn remove_tree(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(dir: &Path) -> usize {
        fs::read_dir(dir).unwrap().count()
    }

    /// A run's folder with data, as a killed run leaves it.
    fn dead(dir: &Path, name: &str) -> PathBuf {
        let folder = dir.join(name);
        fs::create_dir_all(folder.join(WORKER).join("whole")).unwrap();
        fs::write(folder.join(LOCK), "").unwrap();
        fs::write(folder.join(WORKER).join("whole/data"), "tokens").unwrap();
        folder
    }

    #[test]
    fn a_run_leaves_nothing_whatever_its_workers_wrote() {
        let dir = tempfile::tempdir().unwrap();
        let below = dir.path().join("made/for/it");
        let run = DataFolder::make(&below).unwrap();
        for _ in 0..2 {
            let worker = run.worker_folder().unwrap();
            assert_eq!(entries(worker.path()), 0);
            fs::write(worker.path().join("data"), "tokens").unwrap();
        }
        let worker = run.worker_folder().unwrap();
        fs::write(worker.path().join("data"), "tokens").unwrap();
        drop(worker);
        assert_eq!(entries(&below), 1);
        drop(run);
        assert_eq!(entries(&below), 0);
    }

    #[test]
    fn a_panic_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let panicked = std::panic::catch_unwind(|| {
            let run = DataFolder::make(dir.path()).unwrap();
            let worker = run.worker_folder().unwrap();
            fs::write(worker.path().join("data"), "tokens").unwrap();
            panic!("planted");
        });
        assert!(panicked.is_err());
        assert_eq!(entries(dir.path()), 0);
    }

    #[test]
    fn what_a_dead_run_left_goes_and_a_live_run_stays() {
        let dir = tempfile::tempdir().unwrap();
        let live = DataFolder::make(dir.path()).unwrap();
        let worker = live.worker_folder().unwrap();
        let left = [
            dead(dir.path(), "ng-lab-77-0123456789abcdef"),
            dir.path().join("ng-lab-78-0123456789abcdef"),
        ];
        fs::create_dir(&left[1]).unwrap();
        let next = DataFolder::make(dir.path()).unwrap();
        for left in left {
            assert!(!left.exists(), "{}", left.display());
        }
        assert!(worker.path().exists());
        assert_ne!(next.name(), live.name());
    }

    #[test]
    fn the_cgroup_of_a_dead_run_goes_with_its_folder() {
        let dir = tempfile::tempdir().unwrap();
        let name = format!("ng-lab-{}-0123456789abcdef", std::process::id());
        let group = match memory_group::MemoryGroup::make(&name, 64 << 20) {
            Ok(group) => group,
            Err(error) => {
                eprintln!("skipped: {error}");
                return;
            }
        };
        let door = group.door();
        // As if it had been killed.
        std::mem::forget(group);
        drop(DataFolder::make(dir.path()).unwrap());
        assert!(door.exists(), "a group of a run without a folder");
        dead(dir.path(), &name);
        drop(DataFolder::make(dir.path()).unwrap());
        assert!(!door.exists());
    }

    #[test]
    fn what_no_run_made_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let mut kept = vec![
            dead(dir.path(), "ng-lab-notes"),
            dead(dir.path(), "ng-lab-1-short"),
            dead(dir.path(), "other-1-0123456789abcdef"),
        ];
        // A user's data in a folder named like a run's.
        let unknown = dir.path().join("ng-lab-1-0123456789abcdef");
        fs::create_dir_all(unknown.join("mine")).unwrap();
        kept.push(unknown);
        #[cfg(unix)]
        {
            let elsewhere = dead(dir.path(), "elsewhere");
            let link = dir.path().join("ng-lab-2-0123456789abcdef");
            std::os::unix::fs::symlink(&elsewhere, &link).unwrap();
            kept.extend([link, elsewhere.join(WORKER).join("whole/data")]);
        }
        drop(DataFolder::make(dir.path()).unwrap());
        for kept in kept {
            assert!(kept.exists(), "{}", kept.display());
        }
    }

    /// Opening it would wait for a writer that never comes.
    #[test]
    #[cfg(target_os = "linux")]
    fn a_lock_file_that_is_a_pipe_is_not_opened() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("ng-lab-3-0123456789abcdef");
        fs::create_dir(&folder).unwrap();
        let made = std::process::Command::new("mkfifo")
            .arg(folder.join(LOCK))
            .status();
        assert!(made.unwrap().success());
        drop(DataFolder::make(dir.path()).unwrap());
        assert!(folder.exists());
    }

    #[test]
    fn a_folder_that_cannot_be_made_or_named_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(DataFolder::make(file.path()).is_err());
        assert!(DataFolder::make(&file.path().join("below")).is_err());
        #[cfg(target_os = "linux")]
        {
            use std::os::unix::ffi::OsStrExt;
            let dir = tempfile::tempdir().unwrap();
            let odd = dir.path().join(std::ffi::OsStr::from_bytes(b"odd-\xff"));
            let error = DataFolder::make(&odd).unwrap_err();
            assert_eq!(error.to_string(), "expected a Unicode path");
        }
    }

    #[test]
    fn many_runs_that_start_at_once_each_keep_their_folder() {
        let dir = tempfile::tempdir().unwrap();
        let start = std::sync::Barrier::new(4);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    start.wait();
                    for _ in 0..50 {
                        let run = DataFolder::make(dir.path()).unwrap();
                        let worker = run.worker_folder().unwrap();
                        fs::write(worker.path().join("data"), "tokens").unwrap();
                    }
                });
            }
        });
        assert_eq!(entries(dir.path()), 0);
    }
}
