//! Decides from the interval of a ratio whether a phase differs by more than noise.

use super::interval::Interval;
use super::rounds::ALPHA;
use crate::model::Outcome;

/// Two copies of one program differ if their ratio is off by more than this and its
/// interval excludes 1.
const AA_CHANGE: f64 = 0.05;

/// The A/A result of a phase, worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Aa {
    /// The copies agree.
    Quiet,
    /// They differ, but that may be chance among this many phases.
    Doubtful,
    /// They differ beyond chance.
    Failed,
}

/// The noise of a phase, from its A/A interval.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Noise {
    /// The interval's half-width, in logarithms; its far end unless A/A is quiet.
    pub(crate) size: f64,
    pub(crate) aa: Aa,
}

impl Noise {
    /// Returns the noise from the A/A ratio and its p, which is adjusted over all phases
    /// because one A/A interval in twenty excludes 1 by chance.
    pub(crate) fn of(estimate: f64, interval: Option<Interval>, p_adjusted: f64) -> Self {
        let aa = match aa_differs(estimate, interval) {
            false => Aa::Quiet,
            true if p_adjusted < ALPHA => Aa::Failed,
            true => Aa::Doubtful,
        };
        let size = interval.map_or(0.0, |Interval { low, high }| match aa {
            Aa::Quiet => (high.ln() - low.ln()) / 2.0,
            Aa::Doubtful | Aa::Failed => low.ln().abs().max(high.ln().abs()),
        });
        Self { size, aa }
    }
}

/// Whether two copies of one program differ.
pub(crate) fn aa_differs(estimate: f64, interval: Option<Interval>) -> bool {
    let excludes_one = interval.is_some_and(|found| found.low > 1.0 || found.high < 1.0);
    excludes_one && (estimate - 1.0).abs() > AA_CHANGE
}

/// The floors of a phase, in logarithms.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Floors {
    pub(crate) slower: f64,
    pub(crate) faster: f64,
    /// Whether noise, or the machine's change, could hide a difference as large as the gate.
    pub(crate) hides: bool,
}

impl Floors {
    /// Takes the larger of gate and noise on both sides.
    pub(crate) fn of(gate: f64, noise: f64) -> Self {
        Self {
            slower: gate.max(noise),
            faster: gate.max(noise),
            hides: false,
        }
    }
}

/// Judges a phase by the interval of its time over the other side's.
pub(crate) fn judge(interval: Interval, p: f64, floors: Floors, gate: f64) -> Outcome {
    let (low, high) = (interval.low.ln(), interval.high.ln());
    let counts = p < ALPHA;
    if counts && low > floors.slower {
        Outcome::Regressed
    } else if counts && high < -floors.faster {
        Outcome::Improved
    } else if -gate <= low && high <= gate && !floors.hides {
        Outcome::Same
    } else {
        Outcome::Noise
    }
}

/// Judges a phase with its A/A result: a phase that differs from itself is never `same`.
pub(crate) fn judge_with(interval: Interval, p: f64, floors: Floors, gate: f64, aa: Aa) -> Outcome {
    match (aa, judge(interval, p, floors, gate)) {
        (Aa::Failed, _) => Outcome::Invalid,
        (Aa::Doubtful, Outcome::Same) => Outcome::Noise,
        (_, outcome) => outcome,
    }
}
