//! What a range of addresses costs, and how much memory there is, by the kernel's figures.

mod available;
#[cfg(target_os = "linux")]
mod pagemap;
#[cfg(any(target_os = "linux", test))]
mod smaps;

use std::ops::Range;

pub use available::available_bytes;

/// A store's memory cost: its own accounting, and the kernel's figures.
///
/// The last two are measured at each call, for the reserved range only. That reads 8 bytes
/// for each reserved base page, and makes the kernel walk the page tables of the whole
/// process: milliseconds for a store of 1 GB, more on base pages than on huge ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryUsage {
    /// The bytes of the tokens. Exact.
    pub used_bytes: u64,
    /// The bytes of address space held for tokens, including used ones. Exact.
    pub reserved_bytes: u64,
    /// The bytes of the reserved range in pages present in memory. Exact at one moment for
    /// each page; swapped pages do not count, but pages that were only read do, although
    /// they all share the zero page. `None` if `/proc/self/pagemap` cannot be read.
    pub resident_bytes: Option<u64>,
    /// The bytes of the reserved range in huge pages of anonymous memory. Exact if the
    /// kernel keeps the range as a separate mapping, which it does if the neighbours are
    /// advised differently. If they share a mapping, a neighbour's huge pages can count
    /// here, up to `resident_bytes`. `None` if `/proc/self/smaps` cannot be read.
    pub huge_bytes: Option<u64>,
}

impl MemoryUsage {
    /// Measures `reserved`, a range of addresses of which the first `used_bytes`
    /// are in use.
    pub(crate) fn measure(reserved: &Range<usize>, used_bytes: usize) -> Self {
        let range = reserved.start as u64..reserved.end as u64;
        let resident_bytes = resident_bytes(&range);
        let huge_bytes = huge_bytes(&range);
        Self {
            used_bytes: used_bytes as u64,
            reserved_bytes: range.end - range.start,
            resident_bytes,
            huge_bytes: huge_bytes.map(|huge| huge.min(resident_bytes.unwrap_or(huge))),
        }
    }
}

#[cfg(target_os = "linux")]
fn resident_bytes(range: &Range<u64>) -> Option<u64> {
    let pagemap = std::fs::File::open("/proc/self/pagemap").ok()?;
    pagemap::present_bytes(&pagemap, range, rustix::param::page_size() as u64).ok()
}

#[cfg(target_os = "linux")]
fn huge_bytes(range: &Range<u64>) -> Option<u64> {
    let smaps = std::fs::read("/proc/self/smaps").ok()?;
    smaps::huge_bytes(&String::from_utf8_lossy(&smaps), range)
}

#[cfg(not(target_os = "linux"))]
fn resident_bytes(_range: &Range<u64>) -> Option<u64> {
    None
}

#[cfg(not(target_os = "linux"))]
fn huge_bytes(_range: &Range<u64>) -> Option<u64> {
    None
}

/// Returns how many bytes two ranges share.
#[cfg(any(target_os = "linux", test))]
fn overlap_bytes(left: &Range<u64>, right: &Range<u64>) -> u64 {
    let end = left.end.min(right.end);
    end.saturating_sub(left.start.max(right.start))
}
