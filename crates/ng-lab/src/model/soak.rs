//! A soak in a report.

use serde::{Deserialize, Serialize};

use crate::model::{Interval95, Profile};

/// The results of a soak.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SoakReport {
    /// The build of the worker.
    pub profile: Profile,
    /// What it worked on, in the caller's word.
    #[serde(default)]
    pub on: String,
    /// Requested duration.
    pub asked_seconds: f64,
    /// Actual duration, up to the last row.
    pub seconds: f64,
    /// Operations due per second; none if it ended before that was decided.
    pub rate: Option<f64>,
    /// Operations per second without pauses, if that was measured.
    pub capacity: Option<f64>,
    /// The most items that a file may have.
    pub most_items: u64,
    /// Why that is less than requested, if it is.
    pub less_because: Option<String>,
    /// Each kind over all rows.
    pub kinds: Vec<KindReport>,
    /// How figures changed over time.
    pub slopes: Vec<SlopeReport>,
    /// What happened, in order.
    pub events: Vec<Event>,
    /// Whether a verification after the last operation found nothing wrong.
    pub ended_clean: bool,
    /// Why it ended early of its own accord, if it did.
    pub failed: Option<String>,
    /// The run, second by second.
    pub rows: Vec<SoakRow>,
}

/// One kind of operations over the whole run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KindReport {
    /// The kind.
    pub name: String,
    /// What one operation does.
    pub about: String,
    /// Its frequency relative to a kind of weight 1.
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

/// How one figure of the rows changed over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SlopeReport {
    /// The figure as named in a row: `resident_bytes`, or `response_ns.p99`.
    pub figure: String,
    /// The kind of operations, or none for all together.
    pub kind: Option<String>,
    /// Points it is computed from: rows, or medians of several rows each.
    pub points: usize,
    /// Rows per point.
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

/// What an interval says about a slope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlopeFinding {
    /// The whole interval is above zero.
    Rises,
    /// The whole interval is below zero.
    Falls,
    /// The interval contains zero.
    NotTold,
    /// There are too few points for an interval.
    TooFewRows,
}

impl SoakReport {
    /// Operations of all kinds.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.rows.iter().map(|row| row.operations).sum()
    }
}

/// Times of operations in nanoseconds, accurate to a thousandth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Percentiles {
    /// The median.
    pub p50: f64,
    /// 99 of 100 times are at most this.
    pub p99: f64,
    /// 999 of 1000 times are at most this.
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

/// A second of a soak. It lasts longer if no operation ended in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SoakRow {
    /// When it ended, in seconds of the schedule.
    pub seconds: f64,
    /// How long it lasted.
    pub span_seconds: f64,
    /// Time spent on writing the previous row and on verifications.
    pub aside_seconds: f64,
    /// Operations that ended in it.
    pub operations: u64,
    /// Operations a second.
    pub throughput: f64,
    /// From the real start of each operation.
    pub service_ns: Percentiles,
    /// From when each operation was due.
    pub response_ns: Percentiles,
    /// Operations due at its end but not yet begun.
    pub backlog: u64,
    /// The same by kinds, in their order.
    pub kinds: Vec<KindRow>,
    /// Resident memory at its end; none if the kernel does not report it.
    pub resident_bytes: Option<u64>,
    /// Its part that is not backed by files.
    pub private_bytes: Option<u64>,
    /// Page faults, minor and major.
    pub faults: Option<u64>,
    /// Those that waited for a device.
    pub major_faults: Option<u64>,
    /// Files that the process has open at its end.
    #[serde(default)]
    pub open_files: Option<u64>,
    /// Disk space of all files at its end.
    pub disk_bytes: u64,
    /// Items in the current file at its end.
    pub items: u64,
    /// The number of that file, from 1.
    pub file: u64,
    /// What happened in it.
    pub events: Vec<Event>,
}

/// A rare event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Event {
    /// The work restarted with a new file.
    Renewed {
        /// When that was done.
        seconds: f64,
        /// Why.
        reason: String,
        /// How long it took; operations due meanwhile waited.
        elapsed_ns: u64,
    },
    /// Everything was verified; the schedule was paused.
    Verified {
        /// When.
        seconds: f64,
        /// Items verified.
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
