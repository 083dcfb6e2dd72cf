//! The machine and the file system of data files, as a report states them.

use serde::{Deserialize, Serialize};

/// What determines the machine's figures. Unknown texts are empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Host {
    /// The processor's own name.
    pub cpu: String,
    /// Logical processors that this process may use.
    pub cpus: usize,
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// The kernel and its release.
    pub kernel: String,
    /// Whether it runs under a hypervisor.
    pub virtual_machine: bool,
    /// Mode of transparent huge pages: `always`, `madvise` or `never`.
    pub huge_pages: String,
    /// Source of the monotonic clock.
    pub clock_source: String,
    /// Frequency governor.
    pub governor: String,
    /// Swap space in use, in bytes.
    pub swap_bytes: u64,
    /// Load average over a minute when the description was taken.
    pub load: f64,
}

/// The file system of a folder, as a report states it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    /// The folder.
    pub dir: String,
    /// The kind of file system, as the kernel calls it; empty if unknown.
    pub file_system: String,
    /// Free bytes.
    pub free_bytes: u64,
}
