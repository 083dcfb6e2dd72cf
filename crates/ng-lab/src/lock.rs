//! One measurement at a time on a machine.

use std::fs::{File, TryLockError};
use std::io;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use crate::interrupt::Interrupt;

/// Held while a run measures; freed when it is dropped, or when its process dies.
#[derive(Debug)]
pub struct MachineLock {
    _file: File,
}

impl MachineLock {
    /// Waits until no other run measures on this machine; `waiting` is called
    /// once, if there is one. Gives `None` if the user stops the waiting.
    ///
    /// # Errors
    /// The lock file cannot be opened or locked.
    pub fn acquire(interrupt: &Interrupt, waiting: impl FnOnce()) -> io::Result<Option<Self>> {
        let file = open()?;
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

/// Another user's file can be opened for reading only, which is enough to lock it.
fn open() -> io::Result<File> {
    let path = path();
    File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .or_else(|error| File::open(&path).map_err(|_| error))
}

fn path() -> PathBuf {
    std::env::temp_dir().join("ng-lab.lock")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_run_waits_until_the_first_one_ends() {
        let interrupt = Interrupt::new();
        let first = MachineLock::acquire(&interrupt, || ()).unwrap().unwrap();
        let (sender, waits) = std::sync::mpsc::channel();
        let second = std::thread::spawn(move || {
            let waiting = move || sender.send(()).unwrap();
            MachineLock::acquire(&Interrupt::new(), waiting)
        });
        waits.recv().unwrap();
        drop(first);
        assert!(second.join().unwrap().unwrap().is_some());
    }

    #[test]
    fn a_waiting_run_can_be_stopped() {
        let held = MachineLock::acquire(&Interrupt::new(), || ())
            .unwrap()
            .unwrap();
        let interrupt = Interrupt::new();
        interrupt.set();
        assert!(MachineLock::acquire(&interrupt, || ()).unwrap().is_none());
        drop(held);
    }
}
