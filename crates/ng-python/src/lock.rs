//! Locks that a fork of the process survives.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};
use std::thread;

use ng_store::ProcessMark;

/// A lock of the process that made it, and of its forks. The data behind it is consistent at any
/// time, even after a panic.
///
/// A fork has only the thread that forked: what another thread was changing at that moment may be
/// half done, and its lock is never released. A thread that asks for it there is refused instead of
/// waiting. Data that was only being read can still be read.
pub(crate) struct Lock<T> {
    process: ProcessMark,
    /// The fork that changes the data; [`HOME`] if none does.
    holder: AtomicU32,
    lock: RwLock<T>,
}

/// 0 is no process.
const HOME: u32 = 0;

/// How often a fork checks whether another thread holds the lock just for a moment.
const LOOKS: usize = 100_000;

impl<T> Lock<T> {
    pub(crate) fn new(value: T) -> Self {
        Self {
            process: ProcessMark::of_this_process(),
            holder: AtomicU32::new(HOME),
            lock: RwLock::new(value),
        }
    }

    /// Takes the lock, waiting for it: without the GIL. `None` if it was held when this process was
    /// forked.
    pub(crate) fn lock(&self) -> Option<Held<'_, T>> {
        let wait = || self.lock.write().unwrap_or_else(PoisonError::into_inner);
        match self.process.is_this_process() {
            true => Some(self.held(wait(), HOME)),
            false => self.in_fork(
                |here| Some(self.held(self.at_once()?, here)),
                |here| self.held(wait(), here),
            ),
        }
    }

    /// Takes the lock for a moment, if it is free. Makes no system call.
    pub(crate) fn lock_at_once(&self) -> Option<Held<'_, T>> {
        Some(self.held(self.at_once()?, HOME))
    }

    /// Reads the data, shared with other readers; waits while it is changed: without the GIL.
    /// `None` if it was being changed when this process was forked.
    pub(crate) fn look(&self) -> Option<RwLockReadGuard<'_, T>> {
        let wait = || self.lock.read().unwrap_or_else(PoisonError::into_inner);
        match self.process.is_this_process() {
            true => Some(wait()),
            false => self.in_fork(|_| self.look_at_once(), |_| wait()),
        }
    }

    /// Reads the data, unless it is being changed. Makes no system call.
    pub(crate) fn look_at_once(&self) -> Option<RwLockReadGuard<'_, T>> {
        free(self.lock.try_read())
    }

    /// The data, if the lock has no other owner; `None` in a fork.
    pub(crate) fn get_mut(&mut self) -> Option<&mut T> {
        let value = self.lock.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.process.is_this_process().then_some(value)
    }

    fn at_once(&self) -> Option<RwLockWriteGuard<'_, T>> {
        free(self.lock.try_write())
    }

    /// Takes the lock in a fork: once it is free, or by waiting for a thread of this fork.
    fn in_fork<G>(
        &self,
        at_once: impl Fn(u32) -> Option<G>,
        wait: impl FnOnce(u32) -> G,
    ) -> Option<G> {
        let here = std::process::id();
        for _ in 0..LOOKS {
            if let Some(guard) = at_once(here) {
                return Some(guard);
            }
            if self.holder.load(Ordering::Relaxed) == here {
                return Some(wait(here));
            }
            thread::yield_now();
        }
        None
    }

    fn held<'a>(&'a self, guard: RwLockWriteGuard<'a, T>, holder: u32) -> Held<'a, T> {
        self.holder.store(holder, Ordering::Relaxed);
        let holder = &self.holder;
        Held { holder, guard }
    }
}

fn free<G>(tried: Result<G, TryLockError<G>>) -> Option<G> {
    match tried {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(guard)) => Some(guard.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// The data behind a lock, while it is held.
pub(crate) struct Held<'a, T> {
    holder: &'a AtomicU32,
    guard: RwLockWriteGuard<'a, T>,
}

impl<T> Deref for Held<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T> DerefMut for Held<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}

impl<T> Drop for Held<'_, T> {
    fn drop(&mut self) {
        // Before the lock is released: fields are dropped after this.
        self.holder.store(HOME, Ordering::Relaxed);
    }
}
