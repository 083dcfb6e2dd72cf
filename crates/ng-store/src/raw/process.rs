use std::sync::atomic::{AtomicU32, Ordering};

/// Distinguishes a process from its forks, which do not own what it has opened or started.
///
/// ```
/// use ng_store::ProcessMark;
///
/// let here = ProcessMark::of_this_process();
/// assert!(here.is_this_process());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessMark {
    id: u32,
    /// How many forks separate the first process from this one: a child in its own
    /// namespace may have its parent's pid.
    forks: u32,
}

impl ProcessMark {
    /// Returns the mark of the calling process. Costs a `getpid`.
    pub fn of_this_process() -> Self {
        Self {
            id: std::process::id(),
            forks: forks(),
        }
    }

    /// Tells whether the mark is the calling process's.
    pub fn is_this_process(self) -> bool {
        self == Self::of_this_process()
    }

    /// Returns the pid.
    pub fn id(self) -> u32 {
        self.id
    }
}

// Relaxed: a child begins with one thread.
static FORKS: AtomicU32 = AtomicU32::new(0);

#[cfg(all(unix, not(miri)))]
fn forks() -> u32 {
    use std::sync::Once;

    static COUNTED: Once = Once::new();

    extern "C" fn in_child() {
        FORKS.fetch_add(1, Ordering::Relaxed);
    }

    COUNTED.call_once(|| {
        // SAFETY: `pthread_atfork` requires (1) functions that may run in a child that
        // has lost its other threads. (1) `in_child` adds to a number, and takes no lock
        // and no memory.
        let registered = unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
        // If that failed, only the pids distinguish processes.
        let _ = registered;
    });
    FORKS.load(Ordering::Relaxed)
}

#[cfg(not(all(unix, not(miri))))]
fn forks() -> u32 {
    FORKS.load(Ordering::Relaxed)
}
