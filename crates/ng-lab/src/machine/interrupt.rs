//! Ctrl-C as a request that is honoured between tasks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the user wants to stop.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// An unset request, bound to no signal.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A request set by `SIGINT`, `SIGTERM` and `SIGHUP`.
    ///
    /// # Errors
    /// The process already has a handler.
    pub fn on_signals() -> Result<Self, ctrlc::Error> {
        let interrupt = Self::new();
        let handle = interrupt.clone();
        ctrlc::set_handler(move || handle.set())?;
        Ok(interrupt)
    }

    /// Asks for a stop.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether a stop was asked for.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
