//! Input from outside: the time, the limit on file length, and a unique file id.

use std::hash::{BuildHasher, RandomState};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::file::{Identity, Stamp};

/// Reads the clock, in nanoseconds since 1970 UTC; 0 for earlier times.
pub fn now_ns() -> u64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH);
    elapsed.map_or(0, |elapsed| elapsed.as_nanos() as u64)
}

/// The maximum length of a file for this process, in bytes, if limited.
#[cfg(target_os = "linux")]
pub(crate) fn file_size_limit() -> Option<u64> {
    use rustix::process::{Resource, getrlimit};
    getrlimit(Resource::Fsize).current
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn file_size_limit() -> Option<u64> {
    None
}

impl Identity {
    /// Creates an identity, of now. The id comes from the random keys that std draws for
    /// its hash maps.
    #[must_use]
    pub fn fresh() -> Self {
        let created_ns = now_ns();
        let seed = (created_ns, std::process::id());
        let half = || RandomState::new().hash_one(seed).to_le_bytes();
        let mut file_id = [0; 16];
        file_id[..8].copy_from_slice(&half());
        file_id[8..].copy_from_slice(&half());
        Self {
            file_id,
            created_ns,
        }
    }
}

impl Stamp {
    /// Stamps a commit with this time and a tag.
    #[must_use]
    pub fn now(tag: u64) -> Self {
        Self {
            committed_at_ns: now_ns(),
            tag,
        }
    }
}
