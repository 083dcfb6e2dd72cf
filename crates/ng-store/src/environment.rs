//! What only the outside world knows: what time it is, how long a file may be, and an
//! id that no other file has.

use std::hash::{BuildHasher, RandomState};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::file::Identity;

/// The clock, in nanoseconds since 1970 UTC; 0 where it stands before that.
pub(crate) fn now_ns() -> u64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH);
    elapsed.map_or(0, |elapsed| elapsed.as_nanos() as u64)
}

/// How long a file of this process may be, in bytes, if there is a limit.
#[cfg(target_os = "linux")]
pub(crate) fn file_size_limit() -> Option<u64> {
    use rustix::process::{Resource, getrlimit};
    getrlimit(Resource::Fsize).current
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn file_size_limit() -> Option<u64> {
    None
}

/// Makes up an identity. The id comes from the keys that std draws from the
/// system's random numbers for its hash maps.
pub(crate) fn new_identity() -> Identity {
    let created_ns = now_ns();
    let seed = (created_ns, std::process::id());
    let half = || RandomState::new().hash_one(seed).to_le_bytes();
    let mut file_id = [0; 16];
    file_id[..8].copy_from_slice(&half());
    file_id[8..].copy_from_slice(&half());
    Identity {
        file_id,
        created_ns,
    }
}
