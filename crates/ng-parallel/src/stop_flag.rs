use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Asks running work to end at the next shard boundary.
///
/// Clones share one flag. [`Workers::with_stop_flag`](crate::Workers::with_stop_flag) says
/// which work it ends. Until [`clear`](Self::clear) is called, it stays set and stops later
/// work, too.
#[derive(Clone, Debug, Default)]
pub struct StopFlag(Arc<AtomicBool>);

// Relaxed: the flag carries no data, and one shard more or less does not matter.
impl StopFlag {
    /// Returns a flag that is not set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the flag. May be called from any thread, and from signal handlers.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Tells whether the flag is set.
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Clears the flag, so that work can start again.
    pub fn clear(&self) {
        self.0.store(false, Ordering::Relaxed);
    }
}
