use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Asks running work to end at the next shard boundary.
///
/// Clones are one flag. [`Workers::with_stop_flag`](crate::Workers::with_stop_flag)
/// says whose work it ends. It stays set, and stops later work too, until
/// [`clear`](Self::clear) is called.
#[derive(Clone, Debug, Default)]
pub struct StopFlag(Arc<AtomicBool>);

// Relaxed: the flag carries no data with it, and a shard more or less is fine.
impl StopFlag {
    /// Returns a flag that is not set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the flag. From any thread, signal handlers included.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Tells whether the flag is set.
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Takes the flag back, so that work can begin again.
    pub fn clear(&self) {
        self.0.store(false, Ordering::Relaxed);
    }
}
