//! One measurement at a time on a machine.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use crate::machine::interrupt::Interrupt;

/// Held while a run measures; released on drop, or when the process dies.
#[derive(Debug)]
pub struct MachineLock {
    _file: File,
}

impl MachineLock {
    /// The file locked by all runs of a machine that share a temporary folder.
    #[must_use]
    pub fn default_path() -> PathBuf {
        std::env::temp_dir().join("ng-lab.lock")
    }

    /// Waits until no other run holds the lock on `path`; calls `waiting` once if one
    /// does. Returns `None` if the user interrupts.
    ///
    /// # Errors
    /// The file cannot be opened or locked.
    pub fn acquire(
        path: &Path,
        interrupt: &Interrupt,
        waiting: impl FnOnce(),
    ) -> io::Result<Option<Self>> {
        let file = open(path)?;
        let mut waiting = Some(waiting);
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(Self { _file: file })),
                Err(TryLockError::Error(error)) => return Err(error),
                Err(TryLockError::WouldBlock) => {}
            }
            if let Some(waiting) = waiting.take() {
                waiting();
            }
            if interrupt.is_set() {
                return Ok(None);
            }
            sleep(Duration::from_millis(100));
        }
    }
}

/// Another user's file can only be opened for reading, which suffices to lock it.
fn open(path: &Path) -> io::Result<File> {
    File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .or_else(|error| File::open(path).map_err(|_| error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_run_waits_until_the_first_one_ends() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("lock");
        let first = MachineLock::acquire(&path, &Interrupt::new(), || ());
        let first = first.unwrap().unwrap();
        let (sender, waits) = std::sync::mpsc::channel();
        let second = std::thread::spawn(move || {
            let waiting = move || sender.send(()).unwrap();
            MachineLock::acquire(&path, &Interrupt::new(), waiting)
        });
        waits.recv().unwrap();
        drop(first);
        assert!(second.join().unwrap().unwrap().is_some());
    }

    #[test]
    fn a_waiting_run_can_be_stopped() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("lock");
        let held = MachineLock::acquire(&path, &Interrupt::new(), || ()).unwrap();
        let interrupt = Interrupt::new();
        interrupt.set();
        let second = MachineLock::acquire(&path, &interrupt, || ()).unwrap();
        assert!(held.is_some() && second.is_none());
    }
}
