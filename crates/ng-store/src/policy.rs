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
