//! Evidence beside the times: order of reads, files, memory, allocations.

use serde::{Deserialize, Serialize};

use crate::model::Limit;

/// Where a phase's file is when the clock starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileState {
    /// On the disk only.
    Cold,
    /// In the page cache.
    Warm,
}

/// A phase's file: what the phase claims, and what the kernel saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEvidence {
    /// What the phase claims.
    pub claimed: FileState,
    /// Pages of the file that hold data.
    pub file_pages: u64,
    /// Those in memory before the clock started.
    pub resident_before: u64,
    /// Bytes fetched from storage during the phase; none if the kernel does not
    /// report them.
    pub read_bytes: Option<u64>,
    /// Why nothing is known of the file, if nothing is.
    pub unknown: Option<String>,
}

/// A lower bound on a phase's time: `amount` units of `limit`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bound {
    /// The limit of the machine.
    pub limit: Limit,
    /// Threads that it was measured on.
    pub threads: usize,
    /// Units of the limit (bytes, reads) that the phase needs at least.
    pub amount: u64,
}

/// The pattern of reads that a phase claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pattern {
    /// Every position after the one before.
    Sequential,
    /// A fixed distance, in records, from one position to the next.
    Stride(u64),
    /// Positions drawn at random, with replacement.
    Random,
}

/// The observed order of reads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccessEvidence {
    /// The claimed pattern.
    pub claimed: Pattern,
    /// Number of reads.
    pub reads: u64,
    /// Records that could have been read.
    pub records: u64,
    /// Distinct 64-byte cache lines read.
    pub distinct_lines: u64,
    /// Share of reads on the same 4 KiB page as the previous read.
    pub same_page_share: f64,
    /// The most frequent distance from one read to the next, in records.
    pub main_stride: i64,
    /// Share of the steps with that distance.
    pub main_stride_share: f64,
}

/// Memory of a worker, from the kernel, in bytes and counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryReading {
    /// The largest resident size at the end of a phase.
    pub resident_bytes: u64,
    /// The peak since the timed part began (`VmHWM`).
    pub peak_bytes: u64,
    /// Anonymous part of `resident_bytes`.
    pub anonymous_bytes: u64,
    /// File-backed part of `resident_bytes`.
    pub file_bytes: u64,
    /// Part of `resident_bytes` on huge pages.
    pub huge_bytes: u64,
    /// Bytes of this process swapped out at that moment.
    pub swapped_bytes: u64,
    /// Minor faults of the timed part.
    pub minor_faults: u64,
    /// Major faults of the timed part.
    pub major_faults: u64,
    /// The most private memory (`RssAnon`) seen, sampled every 20 ms and at the end of
    /// every phase; none in a worker that was not confined.
    #[serde(default)]
    pub private_peak_bytes: Option<u64>,
}

/// Allocations of a phase in its counting run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allocations {
    /// Allocations by any thread; each growth counts.
    pub count: u64,
    /// Bytes requested; a growth counts its whole new size.
    pub bytes: u64,
}
