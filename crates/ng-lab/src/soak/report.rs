//! A soak in a report.

use serde::{Deserialize, Serialize};

use crate::report::Interval95;
use crate::soak::{Event, Percentiles, Plan, SoakRow};
use crate::worker::scenario::Profile;

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
    /// One that nothing has happened in.
    pub(crate) fn of(plan: &Plan, most_items: u64, less_because: Option<String>) -> Self {
        Self {
            profile: Profile::of_this_build(),
            asked_seconds: plan.time.as_secs_f64(),
            seconds: 0.0,
            rate: None,
            capacity: None,
            most_items,
            less_because,
            kinds: Vec::new(),
            slopes: Vec::new(),
            events: Vec::new(),
            ended_clean: false,
            failed: None,
            rows: Vec::new(),
        }
    }

    /// Operations of all kinds.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.rows.iter().map(|row| row.operations).sum()
    }
}
