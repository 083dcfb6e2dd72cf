//! Locks that a fork of the process survives.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;

use ng_store::ProcessMark;

use crate::work;

/// A lock of the process that made it, and of its forks.
///
/// A fork has no other thread than the one that forked: a lock that another one held at that
/// moment nobody ever gives back, and what is behind it may be half done. Who asks for it
/// there is refused instead of waiting.
pub(crate) struct Lock<T> {
    process: ProcessMark,
    /// Which fork has the lock for longer than a moment; [`HOME`] where none has.
    holder: AtomicU32,
    mutex: Mutex<T>,
}

/// No process has the number 0.
const HOME: u32 = 0;

/// How often a fork looks whether somebody has the lock for just a moment.
const LOOKS: usize = 100_000;

impl<T> Lock<T> {
    pub(crate) fn new(value: T) -> Self {
        Self {
            process: ProcessMark::of_this_process(),
            holder: AtomicU32::new(HOME),
            mutex: Mutex::new(value),
        }
    }

    /// Takes the lock, waiting for it: without the interpreter. `None` where it was held when
    /// this process was forked.
    pub(crate) fn lock(&self) -> Option<Held<'_, T>> {
        match self.process.is_this_process() {
            true => Some(self.held(work::lock(&self.mutex), HOME)),
            false => self.lock_in_fork(),
        }
    }

    /// Takes the lock for a moment, if nobody has it. Asks nothing of the system.
    pub(crate) fn lock_at_once(&self) -> Option<Held<'_, T>> {
        match self.mutex.try_lock() {
            Ok(guard) => Some(self.held(guard, HOME)),
            Err(TryLockError::Poisoned(guard)) => Some(self.held(guard.into_inner(), HOME)),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// What is behind the lock, which has no other holder; `None` in a fork.
    pub(crate) fn get_mut(&mut self) -> Option<&mut T> {
        let value = self.mutex.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.process.is_this_process().then_some(value)
    }

    fn lock_in_fork(&self) -> Option<Held<'_, T>> {
        let here = std::process::id();
        for _ in 0..LOOKS {
            if let Some(held) = self.lock_at_once() {
                self.holder.store(here, Ordering::Relaxed);
                return Some(held);
            }
            if self.holder.load(Ordering::Relaxed) == here {
                return Some(self.held(work::lock(&self.mutex), here));
            }
            thread::yield_now();
        }
        None
    }

    fn held<'a>(&'a self, guard: MutexGuard<'a, T>, holder: u32) -> Held<'a, T> {
        self.holder.store(holder, Ordering::Relaxed);
        let holder = &self.holder;
        Held { holder, guard }
    }
}

/// What is behind a lock, while it is held.
pub(crate) struct Held<'a, T> {
    holder: &'a AtomicU32,
    guard: MutexGuard<'a, T>,
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
        // Before the lock is given back: fields are dropped after this.
        self.holder.store(HOME, Ordering::Relaxed);
    }
}
