//! The peak of a process's private memory, watched by a thread.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::machine::kernel;

/// The watcher's interval. A look takes about 20 us.
const INTERVAL: Duration = Duration::from_millis(20);

/// Looks at this process's private memory every 20 ms, and on request.
///
/// The kernel keeps a peak of all resident memory, files included, but none of private
/// memory alone. A peak between two looks is missed.
#[derive(Debug)]
pub(crate) struct PrivatePeak {
    shared: Arc<Shared>,
    watcher: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    most_bytes: AtomicU64,
    ends: AtomicBool,
}

impl Shared {
    fn look(&self) -> io::Result<()> {
        let bytes = kernel::private_bytes()?;
        self.most_bytes.fetch_max(bytes, Ordering::Relaxed);
        Ok(())
    }
}

impl PrivatePeak {
    /// Begins to watch.
    ///
    /// # Errors
    /// The kernel does not report it, or no thread can be started.
    pub(crate) fn watch() -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        shared.look()?;
        let own = Arc::clone(&shared);
        let watcher = thread::Builder::new()
            .name("private-peak".to_owned())
            .spawn(move || {
                while !own.ends.load(Ordering::Relaxed) && own.look().is_ok() {
                    thread::park_timeout(INTERVAL);
                }
            })?;
        Ok(Self {
            shared,
            watcher: Some(watcher),
        })
    }

    /// Looks now, and returns the most seen so far.
    ///
    /// # Errors
    /// The kernel does not report it.
    pub(crate) fn bytes(&self) -> io::Result<u64> {
        self.shared.look()?;
        Ok(self.shared.most_bytes.load(Ordering::Relaxed))
    }
}

impl Drop for PrivatePeak {
    fn drop(&mut self) {
        self.shared.ends.store(true, Ordering::Relaxed);
        if let Some(watcher) = self.watcher.take() {
            watcher.thread().unpark();
            // The watcher does not panic; if it did, nothing could be done here.
            let _ = watcher.join();
        }
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn memory_that_came_and_went_between_two_questions_is_seen() {
        let bytes = 256 << 20;
        let watch = PrivatePeak::watch().unwrap();
        let before = watch.bytes().unwrap();
        let start = std::time::Instant::now();
        let touched = std::hint::black_box(vec![1u8; bytes]);
        // Until the watcher has looked, for which a busy machine may take long.
        while watch.shared.most_bytes.load(Ordering::Relaxed) < bytes as u64
            && start.elapsed() < Duration::from_secs(60)
        {
            thread::yield_now();
        }
        drop(touched);
        assert!(watch.bytes().unwrap() >= bytes as u64, "{before} before");
    }
}
