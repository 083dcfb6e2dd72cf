//! Ratios of two times, and the reasons for missing ones.

use serde::{Deserialize, Serialize};

use crate::model::{CellReport, Interval95, PhaseKey, Profile, Role};

/// What is compared with what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ComparisonKind {
    /// Time of the dev build over time of the release build.
    DevVsRelease,
    /// One thread's time over several threads' time: the speed-up.
    Threads,
    /// Time of the scenario's first variant over another's.
    Variants,
    /// Time of a program over that of its own copy.
    Aa,
    /// Time of another revision over that of this one, in the same rounds.
    Against,
    /// Time in another run over that in this one; nothing is paired.
    Baseline,
}

/// A ratio of two times, paired by round if both are from one run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Comparison {
    /// What is compared.
    pub kind: ComparisonKind,
    /// The denominator's cell and phase.
    #[serde(flatten)]
    pub key: PhaseKey,
    /// The numerator.
    pub against: String,
    /// How many times as fast the denominator is.
    pub estimate: f64,
    /// Interval of the estimate; none below six pairs.
    pub ci95: Option<Interval95>,
    /// The two-sided p of "the ratio is 1", unadjusted.
    pub p: Option<f64>,
    /// Rounds in which both ran; 0 if nothing is paired.
    pub pairs: usize,
    /// Samples of the numerator and of the denominator.
    #[serde(default)]
    pub samples: [usize; 2],
    /// Why the ratio must not be used, if it must not.
    pub stopped: Option<String>,
}

impl Comparison {
    /// Whether `cell` is the denominator.
    #[must_use]
    pub fn is_of(&self, cell: &CellReport) -> bool {
        cell.is_main(&self.key.cell)
    }
}

/// A missing ratio, and why. One that exists but must not be used is a `stopped`
/// [`Comparison`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotCompared {
    /// What would be compared.
    pub kind: ComparisonKind,
    /// The phase of the denominator, or all of the cell.
    #[serde(flatten)]
    pub key: PhaseKey,
    /// What the numerator would be.
    pub against: String,
    /// Why there is no ratio.
    pub reason: String,
}

impl NotCompared {
    /// Whether this phase of `cell` is the denominator.
    #[must_use]
    pub fn is_of(&self, cell: &CellReport, phase: &str) -> bool {
        cell.role == Role::Main && self.key.covers(&cell.key, phase)
    }
}

/// How a phase's time grows with the number of items: as the power `exponent`.
/// Paired by round.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Scaling {
    /// The scenario.
    pub scenario: String,
    /// The variant.
    pub variant: String,
    /// The phase.
    pub phase: String,
    /// Threads.
    pub threads: usize,
    /// The build.
    pub profile: Profile,
    /// The smaller number of items.
    pub from: u64,
    /// The larger number of items.
    pub to: u64,
    /// 1 if the time per item stays the same, 0 if the total time does.
    pub exponent: f64,
    /// Interval of the exponent; none below six pairs.
    pub ci95: Option<Interval95>,
    /// Rounds in which both sizes ran.
    pub pairs: usize,
    /// Why the exponent must not be used, if it must not.
    pub stopped: Option<String>,
}
