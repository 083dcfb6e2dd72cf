//! What a soak says while it runs, and what its record is made of.

use serde::{Deserialize, Serialize};

use crate::machine::kernel::Faults;

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

/// How a soak begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Began {
    /// Operations that are due a second.
    pub rate: f64,
    /// Operations a second that could be done without a pause, if that was looked for.
    pub capacity: Option<f64>,
    /// The kinds, with nothing done yet.
    pub kinds: Vec<super::KindReport>,
}

/// What a worker says, a line of JSON each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// Once, before anything is due.
    Began(Began),
    /// As it happens. It also stands in the row that follows it.
    Event(Event),
    /// At the end of a row.
    Row(Box<SoakRow>),
    /// After each row: everything until then.
    Totals(Vec<super::KindReport>),
    /// It ended before its time; why.
    Failed(String),
    /// It ended in its time.
    Ended,
}

/// What the kernel says of the process, as far as it does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Resident memory.
    pub resident_bytes: Option<u64>,
    /// The part of it that belongs to no file.
    pub private_bytes: Option<u64>,
    /// Page faults since the process began.
    pub faults: Option<Faults>,
}

impl Reading {
    /// Asks about this process. Costs no walk over its page tables.
    #[must_use]
    pub fn of_this_process() -> Self {
        Self {
            resident_bytes: crate::machine::kernel::resident_bytes().ok(),
            private_bytes: crate::machine::kernel::private_bytes().ok(),
            faults: Faults::read().ok(),
        }
    }
}
