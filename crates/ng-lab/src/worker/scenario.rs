//! The lab's interface to a measured piece of work.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::Pages;
use crate::worker::run::{Failure, Run};

/// A piece of work that can be measured: parameters in, phases and proof out.
///
/// A scenario runs in a new worker process for every cell, profile and round. Work
/// between phases is not timed.
pub trait Scenario: Sync {
    /// The name on the command line and in reports: lower case, no blanks.
    fn name(&self) -> &'static str;

    /// What is measured, in one line, for `list`.
    fn about(&self) -> &'static str;

    /// The variants for the requested `threads`. The others are compared with the first.
    fn variants(&self, threads: &[usize]) -> Vec<Variant>;

    /// The variants at one number of items; by default the same at every size.
    fn variants_at(&self, _items: u64, threads: &[usize]) -> Vec<Variant> {
        self.variants(threads)
    }

    /// The figure that represents the scenario in the summary; by default the first
    /// phase of its first variant.
    fn headline(&self) -> Headline {
        Headline::default()
    }

    /// The most memory that the cell uses at once, in bytes, including the part of its
    /// files that the page cache should hold. A host-warm cell touches and frees that
    /// much before.
    fn needs_bytes(&self, cell: &Cell) -> u64;

    /// The most that the cell's files take at once, in bytes. If 0, the cell gets no
    /// folder.
    fn needs_disk_bytes(&self, _cell: &Cell) -> u64 {
        0
    }

    /// The memory limit of the cell, page cache included, and of the probes beside it,
    /// in bytes; none for no limit.
    fn memory_limit_bytes(&self, _cell: &Cell) -> Option<u64> {
        None
    }

    /// The bytes that the limits beside the cell are probed over, if it reads fewer than
    /// its items have: 64 bytes an item in memory may be 4 in a cache. Limits of files
    /// are not probed beside such a cell.
    fn limit_bytes(&self, _cell: &Cell) -> Option<u64> {
        None
    }

    /// Why the cell cannot be measured on this machine, if it cannot.
    fn unavailable(&self, _cell: &Cell) -> Option<String> {
        None
    }

    /// Returns why the cell's instructions cannot be counted: their number varies although
    /// its variant has one thread.
    fn uncounted(&self, _cell: &Cell) -> Option<String> {
        None
    }

    /// Whether a cell can also run at a fraction of its items, to show that its time
    /// grows with them. False if it works on existing data of one size.
    fn runs_at_a_fraction(&self) -> bool {
        true
    }

    /// Does the work of one cell.
    ///
    /// # Errors
    /// The work failed, or its proof is wrong.
    fn run(&self, cell: &Cell, run: &mut Run) -> Result<(), Failure>;
}

/// One way of doing a scenario's work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    /// The name in reports; unique among a scenario's variants of one thread count.
    pub name: String,
    /// Threads that do the timed work.
    pub threads: usize,
    /// The pages that the work asks for.
    pub pages: Pages,
    /// Whether as much memory as the cell needs is touched and freed before, so that the
    /// host has it ready.
    pub host_warm: bool,
}

impl Variant {
    /// A host-warm variant on one thread and huge pages.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            threads: 1,
            pages: Pages::Huge,
            host_warm: true,
        }
    }

    /// The same on `threads` threads.
    #[must_use]
    pub fn threads(self, threads: usize) -> Self {
        Self { threads, ..self }
    }

    /// The same on `pages`.
    #[must_use]
    pub fn pages(self, pages: Pages) -> Self {
        Self { pages, ..self }
    }

    /// The same without warming.
    #[must_use]
    pub fn host_cold(self) -> Self {
        Self {
            host_warm: false,
            ..self
        }
    }
}

/// The figure that represents a scenario: a phase of a variant, on the fewest threads
/// that the variant was measured on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Headline {
    pub(crate) variant: Option<&'static str>,
    pub(crate) phase: Option<&'static str>,
    pub(crate) on_most_threads: bool,
}

impl Headline {
    /// `phase` of the scenario's first variant.
    #[must_use]
    pub const fn of(phase: &'static str) -> Self {
        Self {
            variant: None,
            phase: Some(phase),
            on_most_threads: false,
        }
    }

    /// The same for variant `name`, or the first one if `name` is not measured.
    #[must_use]
    pub const fn variant(self, name: &'static str) -> Self {
        Self {
            variant: Some(name),
            ..self
        }
    }

    /// The named variant.
    #[must_use]
    pub const fn variant_name(&self) -> Option<&'static str> {
        self.variant
    }

    /// The named phase.
    #[must_use]
    pub const fn phase_name(&self) -> Option<&'static str> {
        self.phase
    }

    /// The same on the most threads that the variant was measured on.
    #[must_use]
    pub const fn on_most_threads(self) -> Self {
        Self {
            on_most_threads: true,
            ..self
        }
    }
}

/// One worker's work: a scenario's variant at a size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// The scenario's name.
    pub scenario: String,
    /// The variant.
    pub variant: Variant,
    /// Number of items (records).
    pub items: u64,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/{} x{} n={}",
            self.scenario, self.variant.name, self.variant.threads, self.items
        )
    }
}
