/// From how many bytes on a reservation is advised: 4 MiB.
///
/// The smallest size that holds an aligned 2 MiB page wherever it starts.
/// Below it advice could only split the heap's mappings.
pub const ADVISED_MIN_BYTES: usize = 4 << 20;

/// What a [`VecStore`](crate::VecStore) tells the kernel about the pages of its
/// reservations of at least [`ADVISED_MIN_BYTES`].
///
/// Advice is never an error: where the kernel does not take it, or the system
/// is not Linux, the store works on the pages it gets. Which ones these are,
/// [`MemoryUsage::huge_bytes`](crate::MemoryUsage::huge_bytes) tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PagePolicy {
    /// Huge pages (2 MiB on x86-64) where the kernel allows them,
    /// `MADV_HUGEPAGE`: fewer faults at first touch, fewer misses of the
    /// translation buffer at random reads.
    #[default]
    Huge,
    /// Base pages (4 KiB on x86-64), `MADV_NOHUGEPAGE`.
    Base,
    /// No advice: what the system does by itself.
    System,
}

/// What becomes of the pages of the system's page cache that a stream goes through:
/// a file that is written, or read from one end to the other.
///
/// Pages that a file leaves in memory make the next look at it fast, and take the
/// room of others. On a virtual machine they are also slow to come by: the host must
/// find memory for each that was not in use before. 8 GB were written durably in 12 s
/// through fresh pages, and in 2.1 s through pages that were let go as soon as they
/// were on the disk.
///
/// A policy is never an error. Where the system does not tell which pages were in
/// memory before, or does not let go of those that were not, they stay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CachePolicy {
    /// [`Bypass`](Self::Bypass) for a commit of more than [`BYPASS_MIN_BYTES`], and
    /// for a pass over more than a quarter of the memory that is available, that of
    /// the process's cgroup if it has less. [`Keep`](Self::Keep) for the others.
    ///
    /// A commit is as large as what was appended for it, or announced by a
    /// reservation. One that grows unannounced begins to bypass when it is as large.
    #[default]
    Auto,
    /// What was written or read stays in the page cache until others need the room.
    Keep,
    /// What was written leaves the page cache when it is on the disk, but for the last
    /// MiB, the block table and the head of the file. What is read and was not
    /// in the page cache before does not stay there; what was there does.
    Bypass,
}

/// From how many bytes on a commit bypasses the page cache by
/// [`CachePolicy::Auto`]: 1 GiB.
pub const BYPASS_MIN_BYTES: u64 = 1 << 30;

/// The part of the available memory that a pass may fill by [`CachePolicy::Auto`], and
/// what it may fill in any case: the system is not asked about it, 64 MiB.
const KEPT_PART: u64 = 4;
const KEPT_BYTES: u64 = 64 << 20;

impl CachePolicy {
    /// Tells whether a commit of so many bytes bypasses the page cache.
    pub(crate) fn bypasses_commit(self, bytes: u64) -> bool {
        match self {
            Self::Auto => bytes > BYPASS_MIN_BYTES,
            Self::Keep => false,
            Self::Bypass => true,
        }
    }

    /// Tells whether a pass over so many bytes bypasses the page cache, where
    /// `available` bytes of memory are, as far as it is known.
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
    }
}

/// How the tokens of a map will be looked at, for the system to read them accordingly.
///
/// A page that is not in memory is read when it is looked at, and as a rule others
/// around it as well: as much as the device is set to read ahead, 128 KiB to 8 MiB.
/// That is a gain for a scan, and a loss for a look at single tokens.
///
/// Advice is never wrong, only slow. Where the system is not Unix, it does nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Access {
    /// As the system does by itself.
    #[default]
    Normal,
    /// Single tokens, far apart: each look reads a page, 4 KiB (`MADV_RANDOM`).
    Random,
    /// From one end to the other (`MADV_SEQUENTIAL`): reads further ahead, and lets
    /// go of what is behind sooner.
    Sequential,
    /// Soon (`MADV_WILLNEED`): starts to read all of it, and does not wait. Given for
    /// each of many tokens before the first is looked at, the disk works on all of
    /// them at once.
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
