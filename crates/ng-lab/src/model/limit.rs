//! The limits of a machine, as cells are held against them.

use serde::{Deserialize, Serialize};

use crate::model::{Interval95, Pages};

/// A limit of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Limit {
    /// Writing fresh memory on 4 KiB pages, per byte: faults and zeroing included.
    #[serde(rename = "first_touch_4k")]
    FirstTouchSmall,
    /// Writing fresh memory on 2 MiB pages, per byte.
    #[serde(rename = "first_touch_2m")]
    FirstTouchHuge,
    /// Writing memory that was touched before, plain stores, per byte.
    #[serde(rename = "refill")]
    Refill,
    /// Copying from one touched half of the memory to the other, per byte copied.
    #[serde(rename = "copy")]
    Copy,
    /// Reading every line, per byte: all its words or one of them, whichever is faster.
    #[serde(rename = "read")]
    Read,
    /// Independent reads of random lines on 4 KiB pages, per read.
    #[serde(rename = "random_independent_4k")]
    RandomSmall,
    /// Independent reads of random lines on 2 MiB pages, per read.
    #[serde(rename = "random_independent_2m")]
    RandomHuge,
    /// Reads of random lines, each address from the line before, 4 KiB pages, per read.
    #[serde(rename = "random_dependent_4k")]
    DependentSmall,
    /// Reads of random lines, each address from the line before, 2 MiB pages, per read.
    #[serde(rename = "random_dependent_2m")]
    DependentHuge,
    /// Reading the monotonic clock, per read.
    #[serde(rename = "clock_read")]
    ClockRead,
    /// Writing a new file in order and making it durable, per byte: into allocated
    /// room and with one sync, through the page cache or around it, in the fastest of
    /// five ways.
    #[serde(rename = "durable_write")]
    DurableWrite,
    /// Reading a file in order that is not in memory, per byte: through the page cache
    /// or around it, in the fastest of four ways.
    #[serde(rename = "cold_read")]
    ColdRead,
    /// Making one 4 KiB page of a file durable, per sync.
    #[serde(rename = "small_sync")]
    SmallSync,
    /// Faults on fresh 4 KiB pages that were *not* warmed before, per fault.
    /// Bounds nothing: it shows in which rounds the host had taken memory back.
    #[serde(rename = "page_fault_unwarmed")]
    PageFault,
}

impl Limit {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::FirstTouchSmall => "first_touch_4k",
            Self::FirstTouchHuge => "first_touch_2m",
            Self::Refill => "refill",
            Self::Copy => "copy",
            Self::Read => "read",
            Self::RandomSmall => "random_independent_4k",
            Self::RandomHuge => "random_independent_2m",
            Self::DependentSmall => "random_dependent_4k",
            Self::DependentHuge => "random_dependent_2m",
            Self::ClockRead => "clock_read",
            Self::DurableWrite => "durable_write",
            Self::ColdRead => "cold_read",
            Self::SmallSync => "small_sync",
            Self::PageFault => "page_fault_unwarmed",
        }
    }

    /// What one unit of the limit is: `byte`, `read`, `sync` or `fault`.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            Self::FirstTouchSmall
            | Self::FirstTouchHuge
            | Self::Refill
            | Self::Copy
            | Self::Read
            | Self::DurableWrite
            | Self::ColdRead => "byte",
            Self::SmallSync => "sync",
            Self::PageFault => "fault",
            _ => "read",
        }
    }

    /// The limits that can be read on `threads` threads: latencies and the clock
    /// on one only, as they do not depend on how many there are.
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

    /// The limits of files that can be read on `threads` threads.
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

    /// The pages that it is read on, if it reads memory.
    pub(crate) fn pages(self) -> Option<Pages> {
        match self {
            Self::FirstTouchSmall | Self::RandomSmall | Self::DependentSmall => Some(Pages::Small),
            Self::FirstTouchHuge
            | Self::Refill
            | Self::Copy
            | Self::Read
            | Self::RandomHuge
            | Self::DependentHuge => Some(Pages::Huge),
            Self::ClockRead
            | Self::PageFault
            | Self::DurableWrite
            | Self::ColdRead
            | Self::SmallSync => None,
        }
    }

    /// The first-touch limit on `pages`.
    #[must_use]
    pub fn first_touch(pages: Pages) -> Self {
        match pages {
            Pages::Small => Self::FirstTouchSmall,
            Pages::Huge => Self::FirstTouchHuge,
        }
    }

    /// Whether it is about memory that nobody touched before.
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

/// A limit at a size, on a number of threads, in so much memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LimitKey {
    /// Bytes that it was probed over.
    pub bytes: u64,
    /// Threads that worked at once.
    pub threads: usize,
    /// The memory that the probe was confined to, if so.
    pub memory_limit_bytes: Option<u64>,
    /// The limit.
    pub limit: Limit,
}

/// A limit of the machine at one size and number of threads.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LimitReport {
    /// The limit.
    pub name: Limit,
    /// What a unit is.
    pub unit: String,
    /// Bytes that it was probed over.
    pub bytes: u64,
    /// Threads that worked at once.
    pub threads: usize,
    /// The memory that the probe was confined to, if so.
    #[serde(default)]
    pub memory_limit_bytes: Option<u64>,
    /// Readings of rounds 1 and on.
    pub samples_ns_per_unit: Vec<f64>,
    /// The reading of round 0.
    pub cold_ns_per_unit: Option<f64>,
    /// Median of the samples.
    pub median_ns_per_unit: Option<f64>,
    /// Interval of the median.
    pub ci95_ns_per_unit: Option<Interval95>,
}
