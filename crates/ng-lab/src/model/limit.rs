//! The limits of a machine, which cells are compared with.

use serde::{Deserialize, Serialize};

use crate::model::named::named;
use crate::model::{Interval95, Pages};

named! {
    /// A limit of the machine.
    Limit {
        /// Writing fresh memory on 4 KiB pages, per byte: faults and zeroing included.
        FirstTouchSmall = "first_touch_4k",
        /// Writing fresh memory on 2 MiB pages, per byte.
        FirstTouchHuge = "first_touch_2m",
        /// Writing memory that was touched before, plain stores, per byte.
        Refill = "refill",
        /// Copying from one touched half of the memory to the other, per byte copied.
        Copy = "copy",
        /// Reading every line, per byte: all of its words or one, whichever is faster.
        Read = "read",
        /// Independent reads of random lines on 4 KiB pages, per read.
        RandomSmall = "random_independent_4k",
        /// Independent reads of random lines on 2 MiB pages, per read.
        RandomHuge = "random_independent_2m",
        /// Reads of random lines, each address from the line before, 4 KiB pages, per read.
        DependentSmall = "random_dependent_4k",
        /// Reads of random lines, each address from the line before, 2 MiB pages, per read.
        DependentHuge = "random_dependent_2m",
        /// Reading the monotonic clock, per read.
        ClockRead = "clock_read",
        /// Writing a new file in order and making it durable, per byte: into preallocated
        /// space, with one sync, through the page cache or around it, in the fastest of
        /// five ways.
        DurableWrite = "durable_write",
        /// Reading an uncached file in order, per byte: through the page cache or around
        /// it, in the fastest of four ways.
        ColdRead = "cold_read",
        /// Making one 4 KiB page of a file durable, per sync.
        SmallSync = "small_sync",
        /// Faults on fresh 4 KiB pages that were *not* warmed before, per fault.
        /// Bounds nothing: it shows in which rounds the host had reclaimed memory.
        PageFault = "page_fault_unwarmed",
    }
}

impl Limit {
    /// Its unit (`byte`, `read`, `sync` or `fault`), and the pages it is measured on, if
    /// it is about memory.
    const fn of(self) -> (&'static str, Option<Pages>) {
        use Pages::{Huge, Small};
        match self {
            Self::FirstTouchSmall => ("byte", Some(Small)),
            Self::FirstTouchHuge | Self::Refill | Self::Copy | Self::Read => ("byte", Some(Huge)),
            Self::RandomSmall | Self::DependentSmall => ("read", Some(Small)),
            Self::RandomHuge | Self::DependentHuge => ("read", Some(Huge)),
            Self::ClockRead => ("read", None),
            Self::DurableWrite | Self::ColdRead => ("byte", None),
            Self::SmallSync => ("sync", None),
            Self::PageFault => ("fault", None),
        }
    }

    /// Its unit: `byte`, `read`, `sync` or `fault`.
    #[must_use]
    pub fn unit(self) -> &'static str {
        self.of().0
    }

    /// The pages it is measured on, if it is about memory.
    pub(crate) fn pages(self) -> Option<Pages> {
        self.of().1
    }

    /// The limits measured on `threads` threads. Latencies and the clock do not depend
    /// on the number of threads and are measured on one.
    pub fn on(threads: usize) -> impl Iterator<Item = Self> {
        const BANDWIDTHS: usize = 5;
        let all = [
            Self::FirstTouchSmall,
            Self::FirstTouchHuge,
            Self::Refill,
            Self::Read,
            Self::Copy,
            Self::RandomSmall,
            Self::RandomHuge,
            Self::DependentSmall,
            Self::DependentHuge,
            Self::ClockRead,
        ];
        let count = if threads == 1 { all.len() } else { BANDWIDTHS };
        all.into_iter().take(count)
    }

    /// The limits of files measured on `threads` threads.
    pub fn of_files(threads: usize) -> impl Iterator<Item = Self> {
        const BANDWIDTHS: usize = 2;
        let all = [Self::DurableWrite, Self::ColdRead, Self::SmallSync];
        let count = if threads == 1 { all.len() } else { BANDWIDTHS };
        all.into_iter().take(count)
    }

    /// Whether it is about files.
    #[must_use]
    pub fn is_of_files(self) -> bool {
        matches!(self, Self::DurableWrite | Self::ColdRead | Self::SmallSync)
    }

    /// The first-touch limit on `pages`.
    #[must_use]
    pub fn first_touch(pages: Pages) -> Self {
        match pages {
            Pages::Small => Self::FirstTouchSmall,
            Pages::Huge => Self::FirstTouchHuge,
        }
    }

    /// Whether it is about untouched memory.
    #[must_use]
    pub fn is_first_touch(self) -> bool {
        matches!(self, Self::FirstTouchSmall | Self::FirstTouchHuge)
    }

    /// The limit of independent random reads on `pages`.
    #[must_use]
    pub fn random(pages: Pages) -> Self {
        match pages {
            Pages::Small => Self::RandomSmall,
            Pages::Huge => Self::RandomHuge,
        }
    }

    /// The limit of dependent random reads on `pages`.
    #[must_use]
    pub fn dependent(pages: Pages) -> Self {
        match pages {
            Pages::Small => Self::DependentSmall,
            Pages::Huge => Self::DependentHuge,
        }
    }
}

/// A limit at a size, on a number of threads, under a memory limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LimitKey {
    /// Bytes it was probed over.
    pub bytes: u64,
    /// Concurrent threads.
    pub threads: usize,
    /// The memory limit of the probe, if any.
    #[serde(default)]
    pub memory_limit_bytes: Option<u64>,
    /// The limit.
    #[serde(rename = "name")]
    pub limit: Limit,
}

/// A limit's figures at one size and number of threads.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LimitReport {
    /// Which limit, at which size, threads and memory limit.
    #[serde(flatten)]
    pub key: LimitKey,
    /// Its unit.
    pub unit: String,
    /// Readings of rounds 1 and on.
    pub samples_ns_per_unit: Vec<f64>,
    /// The reading of round 0.
    pub cold_ns_per_unit: Option<f64>,
    /// Median of the samples.
    pub median_ns_per_unit: Option<f64>,
    /// Interval of the median.
    pub ci95_ns_per_unit: Option<Interval95>,
}
