//! What a range of addresses costs, and what memory there is, as the kernel tells it.

mod available;
#[cfg(target_os = "linux")]
mod pagemap;
#[cfg(any(target_os = "linux", test))]
mod smaps;

use std::ops::Range;

pub use available::available_bytes;

/// What a store costs in memory: its own books, and what the kernel says.
///
/// The last two are measured for the reserved range alone, at each call. That
/// reads 8 bytes for each reserved base page, and makes the kernel walk the page
/// tables of the whole process: milliseconds for a store of 1 GB, more on base
/// pages than on huge ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryUsage {
    /// The bytes of the tokens. Exact.
    pub used_bytes: u64,
    /// The bytes of address space held for tokens, used ones among them. Exact.
    pub reserved_bytes: u64,
    /// The bytes of the reserved range that lie in a page that is present in
    /// memory. Exact at one moment for each page; swapped pages do not count,
    /// while a page that was only read does, although all such pages are one
    /// (the zero page). `None` where `/proc/self/pagemap` cannot be read.
    pub resident_bytes: Option<u64>,
    /// The bytes of the reserved range that lie in huge pages of anonymous
    /// memory. Exact when the kernel keeps the range as a mapping of its own,
    /// which it does when the neighbours are advised differently. Where they
    /// share one mapping, huge pages of a neighbour can count here, up to
    /// `resident_bytes`. `None` where `/proc/self/smaps` cannot be read.
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
