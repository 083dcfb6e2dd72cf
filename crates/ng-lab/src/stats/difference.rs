//! What an interval of a ratio says beyond noise.

use super::interval::Interval;
use super::rounds::ALPHA;
use crate::model::Outcome;

/// A ratio of two copies of one program that is off by more than this, with an
/// interval that leaves out 1, says that they cannot be told from two programs.
const AA_CHANGE: f64 = 0.05;

/// What two copies of one program say of a phase, worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Aa {
    /// They agree.
    Quiet,
    /// They differ, but among so many phases one does by chance.
    Doubtful,
    /// They differ, and not by chance.
    Failed,
}

/// The noise of a phase, from its A/A interval.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Noise {
    /// Half of the interval's width, in logarithms; its far end if A/A is doubtful.
    pub(crate) size: f64,
    pub(crate) aa: Aa,
}

impl Noise {
    /// The noise that A/A shows, with its p adjusted for all phases. Of A/A pairs one in
    /// twenty leaves out 1 by chance.
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
    let leaves_out_one = interval.is_some_and(|found| found.low > 1.0 || found.high < 1.0);
    leaves_out_one && (estimate - 1.0).abs() > AA_CHANGE
}

/// What a difference must be beyond, in logarithms.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Floors {
    pub(crate) slower: f64,
    pub(crate) faster: f64,
    /// Whether a difference as large as the gate could hide in noise, or in what
    /// the machine's change explains.
    pub(crate) hides: bool,
}

impl Floors {
    /// The gate's, or those of the noise where they are farther out.
    pub(crate) fn of(gate: f64, noise: f64) -> Self {
        Self {
            slower: gate.max(noise),
            faster: gate.max(noise),
            hides: false,
        }
    }
}

/// The rule on a phase that can be judged, by the interval of its time over that of
/// the other side.
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

/// The same where A/A has a say: nothing is called the same as another thing that is
/// not the same as itself.
pub(crate) fn judge_with(interval: Interval, p: f64, floors: Floors, gate: f64, aa: Aa) -> Outcome {
    match (aa, judge(interval, p, floors, gate)) {
        (Aa::Failed, _) => Outcome::Invalid,
        (Aa::Doubtful, Outcome::Same) => Outcome::Noise,
        (_, outcome) => outcome,
    }
}
