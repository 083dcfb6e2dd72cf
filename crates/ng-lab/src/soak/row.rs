//! What a soak says while it runs, and what its record is made of.

use serde::{Deserialize, Serialize};

use crate::machine::kernel::Faults;
use crate::model::{Event, KindReport, SoakRow};

/// How a soak begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Began {
    /// Operations that are due a second.
    pub rate: f64,
    /// Operations a second that could be done without a pause, if that was looked for.
    pub capacity: Option<f64>,
    /// The kinds, with nothing done yet.
    pub kinds: Vec<KindReport>,
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
    Totals(Vec<KindReport>),
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
