//! What confirms or refutes a claim.

use ng_lab::model::ClaimVerdict;

use crate::claims::cell::{CellSpec, Size};
use crate::claims::selection::THREADS;

/// A way to decide a claim over one run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// Figures of the report that follow from others, or from the program.
    Computed(&'static [Sum]),
    /// A time on one machine: it can confirm, but not refute.
    Time(Quantity),
    /// How many times as long `over` takes as `under` per item, paired by round.
    Ratio {
        /// The numerator.
        over: Quantity,
        /// The denominator.
        under: Quantity,
    },
    /// T(1) / T(p) of one quantity.
    SpeedUp {
        /// The work; its threads are those of the rule.
        of: Quantity,
        /// The number of threads p.
        threads: Threads,
    },
    /// Bytes per further token, from the kernel.
    Memory {
        /// The figure.
        figure: MemoryFigure,
        /// The cell; its size is that of the rule.
        of: CellSpec,
        /// The size that is subtracted, along with the process's own memory.
        from: Size,
        /// The size in question.
        to: Size,
    },
    /// Proofs of cells.
    Proofs(&'static [ProofSpec]),
    /// Whether reads with the claimed sum are in random order.
    Order {
        /// The cell.
        of: CellSpec,
        /// The phase that gives the sum.
        phase: &'static str,
        /// The distance of its reads.
        stride: u64,
    },
    /// Decided without figures of a run.
    Reasoned {
        /// What follows.
        verdict: ClaimVerdict,
        /// Why.
        why: &'static str,
    },
}

/// One figure that follows from others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sum {
    /// What is computed.
    pub what: &'static str,
    /// The result.
    pub gives: f64,
    /// What the report says.
    pub said: f64,
    /// The allowed difference, from rounding.
    pub within: f64,
    /// The unit of both.
    pub unit: &'static str,
}

/// The total time of some phases of a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantity {
    /// The cell.
    pub cell: CellSpec,
    /// The phases; their times are added.
    pub phases: &'static [&'static str],
}

impl Quantity {
    /// The same for another cell.
    #[must_use]
    pub const fn of(self, cell: CellSpec) -> Self {
        Self { cell, ..self }
    }

    /// The same on `threads` threads.
    #[must_use]
    pub const fn threads(self, threads: usize) -> Self {
        self.of(self.cell.threads(threads))
    }
}

impl CellSpec {
    /// Phases of the cell.
    #[must_use]
    pub const fn phases(self, phases: &'static [&'static str]) -> Quantity {
        Quantity { cell: self, phases }
    }
}

/// Numbers of threads for a speed-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threads {
    /// The seed's four; not judged on fewer processors.
    Four,
    /// The most measured threads for which the machine has processors; the speed-up is
    /// per thread.
    OfTheMachine,
}

/// A memory figure of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryFigure {
    /// Resident at the end of a phase.
    Resident,
    /// The peak.
    Peak,
}

/// A figure in the proof of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProofSpec {
    /// The cell.
    pub cell: CellSpec,
    /// The figure's name.
    pub name: &'static str,
    /// What it must be.
    pub expected: Expected,
}

/// What a figure of a proof must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The sum of all ids.
    IdSum,
    /// The sum of the ids in strides of this many tokens.
    StrideSum(u64),
    /// This figure.
    Exactly(u64),
    /// A larger one.
    MoreThan(u64),
}

impl Rule {
    /// All cells that the rule uses.
    #[must_use]
    pub fn needs(&self) -> Vec<CellSpec> {
        match *self {
            Self::Computed(_) | Self::Reasoned { .. } => Vec::new(),
            Self::Time(of) => vec![of.cell],
            Self::Ratio { over, under } => vec![over.cell, under.cell],
            Self::SpeedUp { of, threads } => {
                let counts = match threads {
                    Threads::Four => &[1, 4][..],
                    Threads::OfTheMachine => &THREADS[..],
                };
                counts.iter().map(|n| of.cell.threads(*n)).collect()
            }
            Self::Memory { of, from, to, .. } => vec![of.size(from), of.size(to)],
            Self::Proofs(proofs) => proofs.iter().map(|proof| proof.cell).collect(),
            Self::Order { of, .. } => vec![of],
        }
    }

    /// All quantities that the rule uses.
    #[must_use]
    pub fn quantities(&self) -> Vec<Quantity> {
        match *self {
            Self::Time(of) => vec![of],
            Self::Ratio { over, under } => vec![over, under],
            Self::SpeedUp { of, .. } => {
                let cells = self.needs().into_iter();
                cells.map(|cell| of.of(cell)).collect()
            }
            _ => Vec::new(),
        }
    }
}
