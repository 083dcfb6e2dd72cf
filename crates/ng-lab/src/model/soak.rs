//! A soak in a report.

use serde::{Deserialize, Serialize};

use crate::model::{Interval95, Profile};

/// All that a soak found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SoakReport {
    /// The build of the worker.
    pub profile: Profile,
    /// How long it was to last.
    pub asked_seconds: f64,
    /// How long it lasted, by its last row.
    pub seconds: f64,
    /// Operations that were due a second; none where it did not come to that.
    pub rate: Option<f64>,
    /// Operations a second that could be done without a pause, if that was looked for.
    pub capacity: Option<f64>,
    /// The most items that a file was to have.
    pub most_items: u64,
    /// Why the most is less than was asked for, if so.
    pub less_because: Option<String>,
    /// Each kind over all rows.
    pub kinds: Vec<KindReport>,
    /// How figures went over the time.
    pub slopes: Vec<SlopeReport>,
    /// What happened, in order.
    pub events: Vec<Event>,
    /// Whether a verification followed the last operation, and found nothing wrong.
    pub ended_clean: bool,
    /// Why it ended before its time, if it did by itself.
    pub failed: Option<String>,
    /// The run, a second each.
    pub rows: Vec<SoakRow>,
}

/// One kind of operations over the whole run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KindReport {
    /// The kind.
    pub name: String,
    /// What one operation does.
    pub about: String,
    /// How many there are for each one of weight 1.
    pub weight: u32,
    /// Operations that ended.
    pub operations: u64,
    /// Items that they were about.
    pub items: u64,
    /// From their real start; none where there was no operation.
    pub service_ns: Option<Percentiles>,
    /// From when they were due.
    pub response_ns: Option<Percentiles>,
}

/// How one figure of the rows went over the time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SlopeReport {
    /// The figure, as a row names it: `resident_bytes`, or `response_ns.p99`.
    pub figure: String,
    /// The kind of operations, or none for all together.
    pub kind: Option<String>,
    /// Points that it rests on: rows, or medians of as many rows each.
    pub points: usize,
    /// Rows that make a point.
    pub rows_a_point: usize,
    /// Median of the points.
    pub median: f64,
    /// The Theil-Sen slope.
    pub per_hour: f64,
    /// Interval of the slope; none below five points.
    pub ci95_per_hour: Option<Interval95>,
    /// What the interval says.
    pub finding: SlopeFinding,
}

/// What an interval says of a slope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlopeFinding {
    /// All of the interval is above zero.
    Rises,
    /// All of it is below.
    Falls,
    /// Zero is in it.
    NotTold,
    /// There is none.
    TooFewRows,
}

impl SoakReport {
    /// Operations of all kinds.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.rows.iter().map(|row| row.operations).sum()
    }
}

/// Times of a number of operations in nanoseconds, good to a thousandth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Percentiles {
    /// Half of the times are not above it.
    pub p50: f64,
    /// 99 of 100 are not above it.
    pub p99: f64,
    /// 999 of 1000 are not above it.
    pub p999: f64,
    /// The longest.
    pub max: f64,
}

/// The operations of one kind in a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KindRow {
    /// The kind.
    pub name: String,
    /// Operations that ended.
    pub operations: u64,
    /// Items that they were about.
    pub items: u64,
    /// Operations a second.
    pub throughput: f64,
    /// From their real start; none where there was no operation.
    pub service_ns: Option<Percentiles>,
    /// From when they were due.
    pub response_ns: Option<Percentiles>,
}

/// A second of a soak. It lasts longer where no operation ended in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SoakRow {
    /// When it ended, in seconds of the schedule.
    pub seconds: f64,
    /// How long it lasted.
    pub span_seconds: f64,
    /// What was aside in it: the row before it, and verifications.
    pub aside_seconds: f64,
    /// Operations that ended in it.
    pub operations: u64,
    /// Operations a second.
    pub throughput: f64,
    /// From the real start of each operation.
    pub service_ns: Percentiles,
    /// From when each operation was due.
    pub response_ns: Percentiles,
    /// Operations that were due at its end and had not begun.
    pub backlog: u64,
    /// The same by kinds, in their order.
    pub kinds: Vec<KindRow>,
    /// Resident memory at its end; none where the kernel does not tell.
    pub resident_bytes: Option<u64>,
    /// The part of that which belongs to no file.
    pub private_bytes: Option<u64>,
    /// Page faults in it, minor and major.
    pub faults: Option<u64>,
    /// Those that waited for a device.
    pub major_faults: Option<u64>,
    /// What all files take on the disk at its end.
    pub disk_bytes: u64,
    /// Items in the file that is worked on, at its end.
    pub items: u64,
    /// The number of that file, from 1 on.
    pub file: u64,
    /// What happened in it.
    pub events: Vec<Event>,
}

/// What happens seldom.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Event {
    /// The work began anew, with a new file.
    Renewed {
        /// When that was over.
        seconds: f64,
        /// Why.
        reason: String,
        /// How long it took; what was due meanwhile waited.
        elapsed_ns: u64,
    },
    /// Everything was looked at; the schedule stood still.
    Verified {
        /// When.
        seconds: f64,
        /// Items that were looked at.
        items: u64,
        /// What was wrong; none if nothing was.
        wrong: Option<String>,
        /// How long it took.
        elapsed_ns: u64,
    },
}

impl Event {
    /// What a verification found wrong, if this is one that did.
    #[must_use]
    pub fn wrong(&self) -> Option<&str> {
        match self {
            Self::Verified { wrong, .. } => wrong.as_deref(),
            Self::Renewed { .. } => None,
        }
    }
}
