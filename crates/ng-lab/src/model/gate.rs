//! A gate's result, as a report states it.

use serde::{Deserialize, Serialize};

use crate::model::named::named;
use crate::model::{Interval95, PhaseKey};

named! {
    /// What a gate says about a phase.
    Outcome {
        /// Slower, beyond the floor.
        Regressed = "regressed",
        /// One of the two sides is unusable.
        Invalid = "invalid",
        /// Too few samples for even the smallest p to count.
        Insufficient = "insufficient",
        /// The interval is too wide, or the A/A copies differ.
        Noise = "noise",
        /// Faster, beyond the floor.
        Improved = "improved",
        /// The interval lies within the gate's per cent.
        Same = "same",
    }
}

/// A gate's result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GateReport {
    /// Per cent that was allowed.
    pub percent: f64,
    /// Comparisons tested together; each p is adjusted for them.
    pub tests: usize,
    /// Samples each of them needs for a difference to be detectable.
    pub samples_needed: u32,
    /// One entry per phase, in the plan's order.
    pub outcomes: Vec<PhaseOutcome>,
    /// Phases that only one side has, and why.
    pub skipped: Vec<SkippedPhase>,
}

/// A phase with its outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhaseOutcome {
    /// Which phase.
    #[serde(flatten)]
    pub key: PhaseKey,
    /// The gate's outcome.
    pub outcome: Outcome,
    /// Its time over the other side's; none if they cannot be compared.
    pub time_ratio: Option<f64>,
    /// Interval of the ratio.
    pub ci95: Option<Interval95>,
    /// The whole interval above this ratio counts as slower; below its reciprocal, as
    /// faster.
    pub floor_ratio: Option<f64>,
    /// The p of "the ratio is 1", adjusted for all tests.
    pub p_adjusted: Option<f64>,
    /// Why it is neither the same nor different.
    pub reason: Option<String>,
    /// Pairs that the outcome rests on; `None` if unpaired.
    #[serde(default)]
    pub pairs: Option<usize>,
    /// The round of the look that decided it; `None` if no look did.
    #[serde(default)]
    pub decided_round: Option<u32>,
    /// Seconds from the first round to that look.
    #[serde(default)]
    pub decided_s: Option<f64>,
}

impl PhaseOutcome {
    /// Creates an outcome without figures.
    #[must_use]
    pub fn new(key: PhaseKey, outcome: Outcome) -> Self {
        Self {
            key,
            outcome,
            time_ratio: None,
            ci95: None,
            floor_ratio: None,
            p_adjusted: None,
            reason: None,
            pairs: None,
            decided_round: None,
            decided_s: None,
        }
    }
}

/// A point, fixed in advance, at which a run stops the cells that its gate has decided and
/// continues with the others.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Look {
    /// Rounds before it.
    pub rounds: u32,
    /// The share of all error that it spends.
    pub share: f64,
    /// Seconds from the first round; `None` if the run ended before it.
    pub elapsed_s: Option<f64>,
}

/// A phase that was not tested.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SkippedPhase {
    /// Which phase.
    #[serde(flatten)]
    pub key: PhaseKey,
    /// Why.
    pub reason: String,
}

impl GateReport {
    /// The number of phases with this outcome.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> usize {
        let all = self.outcomes.iter();
        all.filter(|found| found.outcome == outcome).count()
    }

    /// The number of phases by outcome, worst first, such as `1 regressed, 8 same`, and
    /// of those not compared.
    #[must_use]
    pub fn summary(&self) -> String {
        let counts = Outcome::ALL.map(|outcome| (outcome.name(), self.count(outcome)));
        tally(&counts, self.skipped.len(), "compared")
    }
}

/// Formats the number of phases by outcome, such as `1 regressed, 8 same; 2 not compared`.
pub(super) fn tally(counts: &[(&str, usize)], skipped: usize, done: &str) -> String {
    let counts: Vec<String> = counts
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    let mut tally = match counts.is_empty() {
        true => format!("no phase was {done}"),
        false => counts.join(", "),
    };
    if skipped > 0 {
        tally.push_str(&format!("; {skipped} not {done}"));
    }
    tally
}
