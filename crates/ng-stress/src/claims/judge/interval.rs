//! A measured interval against the figures that agree with a claim.

use ng_lab::model::{ClaimFigure, ClaimVerdict, Interval95};

use crate::claims::claim::Said;
use crate::claims::judge::Ruling;

/// Decides by whether all or none of `figure`'s interval agrees with the claim. Otherwise,
/// or without an interval, the claim is undecided.
pub(super) fn decide(said: Said, figure: ClaimFigure) -> Ruling {
    let agrees = said.agrees();
    let (verdict, reason) = match figure.ci95 {
        None => (
            ClaimVerdict::CannotBeTold,
            "too few rounds: an interval needs six".to_owned(),
        ),
        Some(Interval95([low, high])) if agrees.low <= low && high <= agrees.high => (
            ClaimVerdict::Holds,
            format!("the whole interval is within {agrees}"),
        ),
        Some(Interval95([low, high])) if high < agrees.low || agrees.high < low => (
            ClaimVerdict::DoesNotHold,
            format!("the whole interval is outside {agrees}"),
        ),
        Some(_) => (
            ClaimVerdict::CannotBeTold,
            format!("the interval is partly within {agrees}"),
        ),
    };
    Ruling {
        verdict,
        measured: Some(figure),
        reason,
    }
}
