//! Ctrl-C as a wish that is honoured between two tasks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the user wants to stop.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// A wish that nobody has expressed, bound to no signal.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A wish that `SIGINT`, `SIGTERM` and `SIGHUP` express.
    ///
    /// # Errors
    /// The process has a handler already.
    pub fn on_signals() -> Result<Self, ctrlc::Error> {
        let interrupt = Self::new();
        let handle = interrupt.clone();
        ctrlc::set_handler(move || handle.set())?;
        Ok(interrupt)
    }

    /// Expresses the wish.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the wish was expressed.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
