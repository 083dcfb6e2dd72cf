//! How many files a sort may have open at once.

use std::io;

use ng_store::CreateError;

use crate::order::SortError;

/// A temporary file being written is open, and so is its folder.
const EACH: u64 = 2;

/// Reserved for files that are opened while temporary ones are written.
const SPARE: u64 = 8;

/// How many files are assumed open if the system does not tell.
#[cfg(unix)]
const UNKNOWN: u64 = 56;

/// Returns how many partitions the limit on open files allows, at least two; `None` if there is no
/// limit.
pub(super) fn most_partitions() -> Option<u64> {
    Some(room(limit()?, open_now()))
}

/// Twice as many ranges as wanted may result, see `Borders`.
fn room(limit: u64, open: u64) -> u64 {
    let files = limit.saturating_sub(open.saturating_add(SPARE)) / EACH;
    files.div_ceil(2).max(2)
}

/// Turns "too many open files" into its own error.
pub(super) fn told(error: CreateError) -> SortError {
    match &error {
        CreateError::Io(error) if is_too_many(&error.source) => SortError::OpenFiles {
            limit: limit().unwrap_or(u64::MAX),
        },
        _ => SortError::WriteTemporary(error),
    }
}

#[cfg(unix)]
fn is_too_many(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::MFILE.raw_os_error())
}

#[cfg(not(unix))]
fn is_too_many(_error: &io::Error) -> bool {
    false
}

#[cfg(unix)]
fn limit() -> Option<u64> {
    use rustix::process::{Resource, getrlimit};
    getrlimit(Resource::Nofile).current
}

#[cfg(not(unix))]
fn limit() -> Option<u64> {
    None
}

#[cfg(unix)]
fn open_now() -> u64 {
    std::fs::read_dir("/proc/self/fd").map_or(UNKNOWN, |open| open.count() as u64)
}

#[cfg(not(unix))]
fn open_now() -> u64 {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All of 256 partitions were open at once, twice each, whatever the limit.
    #[test]
    fn partitions_and_what_is_open_are_within_the_limit() {
        for (limit, open, expected) in [
            (16, 12, 2),
            (32, 12, 3),
            (64, 12, 11),
            (1024, 20, 249),
            (u64::MAX, 20, u64::MAX / 4 - 6),
            (0, u64::MAX, 2),
        ] {
            let partitions = room(limit, open);
            assert_eq!(partitions, expected, "{limit}");
            let files = u128::from(2 * partitions - 1) * 2 + u128::from(open);
            assert!(
                partitions == 2 || files <= u128::from(limit),
                "{limit}: {files}"
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn too_many_open_files_are_told_with_their_limit() {
        let folder = tempfile::tempdir().unwrap();
        // A folder is not a file: this error is none of these.
        let other = ng_store::RawDraft::begin(folder.path(), false).unwrap_err();
        assert!(matches!(told(other), SortError::WriteTemporary(_)));
        let errno = rustix::io::Errno::MFILE;
        assert!(is_too_many(&errno.into()));
        assert!(!is_too_many(&rustix::io::Errno::NOSPC.into()));
        let error = SortError::OpenFiles { limit: 16 };
        assert_eq!(
            error.to_string(),
            "temporary files: 16 files may be open at once, expected more: raise the limit \
             (`ulimit -n`), or grant more memory, which takes fewer of them"
        );
    }
}
