//! The messages of a soak's worker.

use serde::{Deserialize, Serialize};

use crate::machine::kernel::Faults;
use crate::model::{Event, KindReport, SoakRow};

/// The start of a soak.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Began {
    /// Operations due per second.
    pub rate: f64,
    /// Operations per second without pauses, if that was measured.
    pub capacity: Option<f64>,
    /// The kinds, with counts of 0.
    pub kinds: Vec<KindReport>,
}

/// A message of the worker, one line of JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// Once, before anything is due.
    Began(Began),
    /// As it happens. The next row contains it as well.
    Event(Event),
    /// At the end of a row.
    Row(Box<SoakRow>),
    /// After each row: the totals so far.
    Totals(Vec<KindReport>),
    /// It ended early, and why.
    Failed(String),
    /// It ended on time.
    Ended,
}

/// The kernel's figures of the process, as far as it reports them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Resident memory.
    pub resident_bytes: Option<u64>,
    /// Its part that is not backed by files.
    pub private_bytes: Option<u64>,
    /// Page faults since the process began.
    pub faults: Option<Faults>,
    /// Open files.
    pub open_files: Option<u64>,
}

impl Reading {
    /// Reads the figures of this process. Needs no walk over its page tables.
    #[must_use]
    pub fn of_this_process() -> Self {
        Self {
            resident_bytes: crate::machine::kernel::resident_bytes().ok(),
            private_bytes: crate::machine::kernel::private_bytes().ok(),
            faults: Faults::read().ok(),
            open_files: crate::machine::kernel::open_files().ok(),
        }
    }
}
