//! What a measured piece of work looks like to the lab.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::Pages;
use crate::worker::run::{Failure, Run};

/// A piece of work that can be measured: parameters in, phases and proof out.
///
/// A scenario runs in a worker process of its own for every cell, profile and
/// round. What it does between phases is not timed.
pub trait Scenario: Sync {
    /// The name on the command line and in reports: lower case, no blanks.
    fn name(&self) -> &'static str;

    /// One line about what is measured, for `list`.
    fn about(&self) -> &'static str;

    /// The cells that are measured when `threads` were asked for. The first one
    /// is the base that the others are compared with.
    fn variants(&self, threads: &[usize]) -> Vec<Variant>;

    /// The cells at one number of items: the same ones at every size, unless a
    /// program measures only some of them.
    fn variants_at(&self, _items: u64, threads: &[usize]) -> Vec<Variant> {
        self.variants(threads)
    }

    /// The figure that stands for the scenario where each has one row; by default the
    /// first phase of its first variant.
    fn headline(&self) -> Headline {
        Headline::default()
    }

    /// The most memory that the cell works in at once, in bytes; of files that
    /// it works on, as much as the page cache shall hold. A host-warm cell
    /// touches and frees as much before.
    fn needs_bytes(&self, cell: &Cell) -> u64;

    /// The most that the cell's files hold at once, in bytes. A cell that needs
    /// none gets no folder to write in.
    fn needs_disk_bytes(&self, _cell: &Cell) -> u64 {
        0
    }

    /// The memory that the cell, page cache included, and the probes beside it
    /// are confined to, in bytes; none for the machine's.
    fn memory_limit_bytes(&self, _cell: &Cell) -> Option<u64> {
        None
    }

    /// The bytes that the limits beside the cell are probed over, where it reads fewer
    /// than its items have: what is 64 bytes an item in memory may be 4 in a cache. Limits
    /// of files are not probed beside such a cell.
    fn limit_bytes(&self, _cell: &Cell) -> Option<u64> {
        None
    }

    /// Why the cell cannot be measured on this machine, if so.
    fn unavailable(&self, _cell: &Cell) -> Option<String> {
        None
    }

    /// Why the instructions of the cell cannot be counted, if so: another number of them
    /// each time, though it is on one thread by its variant.
    fn uncounted(&self, _cell: &Cell) -> Option<String> {
        None
    }

    /// Whether a cell can also run at a fraction of its items, which shows that
    /// its time grows with them. Not so where it works on data of one size that
    /// was made before.
    fn runs_at_a_fraction(&self) -> bool {
        true
    }

    /// Does the work of one cell.
    ///
    /// # Errors
    /// The work failed, or its proof did not come out as expected.
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
    /// Whether as much memory as the cell needs is touched and freed before, so
    /// that the host has it at hand.
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

    /// The same with memory as the host left it.
    #[must_use]
    pub fn host_cold(self) -> Self {
        Self {
            host_warm: false,
            ..self
        }
    }
}

/// The figure that a reader is shown first of a scenario: a phase of a variant, on
/// the fewest threads that the variant was measured on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Headline {
    pub(crate) variant: Option<&'static str>,
    pub(crate) phase: Option<&'static str>,
    pub(crate) on_most_threads: bool,
}

impl Headline {
    /// That phase of the scenario's first variant.
    #[must_use]
    pub const fn of(phase: &'static str) -> Self {
        Self {
            variant: None,
            phase: Some(phase),
            on_most_threads: false,
        }
    }

    /// The same of that variant; of the first one where the variant is not measured.
    #[must_use]
    pub const fn variant(self, name: &'static str) -> Self {
        Self {
            variant: Some(name),
            ..self
        }
    }

    /// The variant that was named.
    #[must_use]
    pub const fn variant_name(&self) -> Option<&'static str> {
        self.variant
    }

    /// The phase that was named.
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

/// What one worker is to do: a scenario's variant at a size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// The scenario's name.
    pub scenario: String,
    /// The way of doing it.
    pub variant: Variant,
    /// Number of items (records) that the work is about.
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
