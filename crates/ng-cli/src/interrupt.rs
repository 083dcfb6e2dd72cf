//! Ctrl-C, and other signals that ask the program to end.

use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::ending::Ending;
use crate::say::Say;

pub(crate) const EXIT_INTERRUPTED: u8 = 130;

/// Whether the user wants the program to end.
///
/// The wish ends it at once, except while something is [held](Self::hold) that must be cleaned up
/// first.
pub(crate) struct Interrupt(Arc<State>);

struct State {
    say: Say,
    wanted: AtomicBool,
    held: AtomicBool,
    wakers: Mutex<Vec<Waker>>,
}

type Waker = Box<dyn Fn() + Send>;

impl Interrupt {
    /// Takes `SIGINT`, `SIGTERM` and `SIGHUP`.
    pub(crate) fn on_signals(say: Say) -> Result<Self, ctrlc::Error> {
        let state = Arc::new(State {
            say,
            wanted: AtomicBool::new(false),
            held: AtomicBool::new(false),
            wakers: Mutex::default(),
        });
        let handle = Arc::clone(&state);
        ctrlc::set_handler(move || handle.interrupt())?;
        Ok(Self(state))
    }

    /// Keeps a wish from ending the program at once, until the hold is dropped.
    pub(crate) fn hold(&self) -> Result<Hold<'_>, Ending> {
        self.0.held.store(true, Ordering::SeqCst);
        let hold = Hold(&self.0);
        hold.check()?;
        Ok(hold)
    }
}

/// While it lives, its holder checks whether the program is to end.
pub(crate) struct Hold<'a>(&'a State);

impl Hold<'_> {
    /// Stops the current work if the program is to end.
    pub(crate) fn check(&self) -> Result<(), Ending> {
        match self.0.wanted.load(Ordering::SeqCst) {
            true => Err(Ending::Interrupted),
            false => Ok(()),
        }
    }

    /// Ends the program soon after the wish, if its holder does not: it may be stuck in writing to
    /// a pipe that nobody reads.
    pub(crate) fn end_anyway(&self) {
        let say = self.0.say;
        self.on_wish(move || {
            thread::spawn(move || {
                thread::sleep(PATIENCE);
                end(say);
            });
        });
    }

    /// Calls `wake` when the wish comes, for threads that wait for something else.
    pub(crate) fn on_wish(&self, wake: impl Fn() + Send + 'static) {
        let mut wakers = self.0.wakers();
        if self.check().is_err() {
            wake();
        }
        wakers.push(Box::new(wake));
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.0.held.store(false, Ordering::SeqCst);
        self.0.wakers().clear();
    }
}

/// How long a holder may take to end.
const PATIENCE: Duration = Duration::from_secs(2);

fn end(say: Say) -> ! {
    let _ = say.failed(&Ending::Interrupted.into(), None);
    process::exit(EXIT_INTERRUPTED.into())
}

impl State {
    /// Runs on the signal thread. Either a new holder sees the wish, or the wish sees the hold.
    fn interrupt(&self) {
        self.wanted.store(true, Ordering::SeqCst);
        if !self.held.load(Ordering::SeqCst) {
            end(self.say);
        }
        for wake in self.wakers().iter() {
            wake();
        }
    }

    fn wakers(&self) -> MutexGuard<'_, Vec<Waker>> {
        self.wakers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
