//! Figures of the report that follow from others.

use ng_lab::model::{ClaimFigure, ClaimVerdict};

use crate::claims::judge::Ruling;
use crate::claims::rule::Sum;

/// All must match; the first that does not is shown.
pub(super) fn judge(sums: &[Sum]) -> Ruling {
    let wrong = sums.iter().find(|sum| !sum.comes_out());
    let shown = wrong.or(sums.first());
    let reason = match (wrong, shown, sums.len()) {
        (Some(wrong), ..) => format!("{} gives another figure", wrong.what),
        (None, Some(one), 1) => format!("{} gives it", one.what),
        (None, ..) => "all of them come out".to_owned(),
    };
    Ruling {
        verdict: match wrong {
            Some(_) => ClaimVerdict::DoesNotHold,
            None => ClaimVerdict::Holds,
        },
        measured: shown.map(|sum| ClaimFigure {
            value: sum.gives,
            unit: sum.unit.to_owned(),
            ci95: None,
            rounds: None,
        }),
        reason,
    }
}

impl Sum {
    fn comes_out(&self) -> bool {
        (self.gives - self.said).abs() <= self.within
    }
}
