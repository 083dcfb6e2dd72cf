use crate::memory::available_bytes;

/// The minimum size of an advised reservation: 4 MiB.
///
/// The smallest size that holds an aligned 2 MiB page wherever it starts.
/// Below it advice could only split the heap's mappings.
pub const ADVISED_MIN_BYTES: usize = 4 << 20;

/// The page advice of a [`VecStore`](crate::VecStore) for reservations of at least
/// [`ADVISED_MIN_BYTES`].
///
/// Advice never fails: if the kernel ignores it, or the system is not Linux, the store
/// works on whatever pages it gets.
/// [`MemoryUsage::huge_bytes`](crate::MemoryUsage::huge_bytes) shows which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PagePolicy {
    /// Huge pages (2 MiB on x86-64) if the kernel allows them, `MADV_HUGEPAGE`: fewer
    /// faults at first touch, fewer TLB misses at random reads.
    #[default]
    Huge,
    /// Base pages (4 KiB on x86-64), `MADV_NOHUGEPAGE`.
    Base,
    /// No advice: the system's default.
    System,
}

/// Whether the pages of a stream, a file being written or read end to end, stay in the page
/// cache.
///
/// Cached pages make the next access fast, but displace others. On a virtual machine they
/// are also slow to obtain: the host must find memory for each fresh one. 8 GB were written
/// durably in 12 s through fresh pages, and in 2.1 s with pages released as soon as they
/// were on the disk.
///
/// A policy never fails. If the system does not say which pages were cached before, or does
/// not release the others, they stay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CachePolicy {
    /// [`Bypass`](Self::Bypass) for a commit of more than [`BYPASS_MIN_BYTES`], and for a
    /// pass over more than a quarter of the available memory, that of the process's cgroup
    /// if smaller. [`Keep`](Self::Keep) otherwise.
    ///
    /// The size of a commit is what was appended for it, or announced by a reservation. One
    /// that grows unannounced starts to bypass at that size.
    #[default]
    Auto,
    /// Written and read data stays in the page cache until others need the memory.
    Keep,
    /// Written data leaves the page cache once it is on the disk, except for the last MiB,
    /// the block table and the head of the file. Read data stays cached only if it was
    /// cached before.
    Bypass,
}

/// The size from which a commit bypasses the page cache by
/// [`CachePolicy::Auto`]: 1 GiB.
pub const BYPASS_MIN_BYTES: u64 = 1 << 30;

/// The fraction of the available memory that a pass may fill under [`CachePolicy::Auto`],
/// and the amount always allowed without asking the system: 64 MiB.
const KEPT_PART: u64 = 4;
const KEPT_BYTES: u64 = 64 << 20;

impl CachePolicy {
    /// Tells whether a commit of this size bypasses the page cache.
    pub(crate) fn bypasses_commit(self, bytes: u64) -> bool {
        match self {
            Self::Auto => bytes > BYPASS_MIN_BYTES,
            Self::Keep => false,
            Self::Bypass => true,
        }
    }

    /// Decides for passes over several files, of so many bytes in all: asks the system at most once
    /// how much memory is available.
    #[must_use]
    pub fn of_passes(self, bytes: u64) -> Self {
        match self.bypasses_pass(bytes, available_bytes) {
            true => Self::Bypass,
            false => Self::Keep,
        }
    }

    /// Tells whether a pass of this size bypasses the page cache, with `available` bytes of
    /// memory, if known.
    pub(crate) fn bypasses_pass(self, bytes: u64, available: impl FnOnce() -> Option<u64>) -> bool {
        match self {
            Self::Auto => {
                let is_much = |available: u64| bytes > available / KEPT_PART;
                bytes > KEPT_BYTES && available().is_some_and(is_much)
            }
            Self::Keep => false,
            Self::Bypass => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_bypasses_by_its_policy_and_its_size() {
        let min = BYPASS_MIN_BYTES;
        for (policy, bytes, commit, pass) in [
            (CachePolicy::Auto, min, false, false),
            (CachePolicy::Auto, min + 1, true, true),
            (CachePolicy::Keep, u64::MAX, false, false),
            (CachePolicy::Bypass, 0, true, true),
        ] {
            assert_eq!(policy.bypasses_commit(bytes), commit, "{policy:?} {bytes}");
            let available = || Some(KEPT_PART * min);
            assert_eq!(policy.bypasses_pass(bytes, available), pass);
        }
        assert!(!CachePolicy::Auto.bypasses_pass(u64::MAX, || None));
        assert!(!CachePolicy::Auto.bypasses_pass(KEPT_BYTES, || unreachable!()));
        assert!(CachePolicy::Auto.bypasses_pass(KEPT_BYTES + 1, || Some(KEPT_BYTES)));
        assert_eq!(CachePolicy::Auto.of_passes(0), CachePolicy::Keep);
        assert_eq!(CachePolicy::Bypass.of_passes(0), CachePolicy::Bypass);
        #[cfg(target_os = "linux")]
        assert_eq!(CachePolicy::Auto.of_passes(u64::MAX), CachePolicy::Bypass);
    }
}

/// How the tokens of a map will be accessed, as advice to the system.
///
/// Accessing a page that is not in memory reads it, and usually others around it: as far as
/// the device reads ahead, 128 KiB to 8 MiB. That helps a scan, and hurts access to single
/// tokens.
///
/// Wrong advice only costs time. It does nothing on systems other than Unix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Access {
    /// The system's default.
    #[default]
    Normal,
    /// Single tokens, far apart: each access reads a page, 4 KiB (`MADV_RANDOM`).
    Random,
    /// From end to end (`MADV_SEQUENTIAL`): reads further ahead, and evicts earlier pages
    /// sooner.
    Sequential,
    /// Soon (`MADV_WILLNEED`): starts to load all of it, without waiting. If given for many
    /// tokens before the first access, the disk works on all of them at once.
    WillNeed,
}

impl Access {
    #[cfg(unix)]
    pub(crate) fn advice(self) -> memmap2::Advice {
        match self {
            Self::Normal => memmap2::Advice::Normal,
            Self::Random => memmap2::Advice::Random,
            Self::Sequential => memmap2::Advice::Sequential,
            Self::WillNeed => memmap2::Advice::WillNeed,
        }
    }
}
