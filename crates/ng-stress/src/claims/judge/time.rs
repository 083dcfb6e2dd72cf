//! Times, which depend on the machine.

use ng_lab::model::{ClaimFigure, ClaimVerdict, Interval95};
use ng_lab::stats;

use crate::claims::claim::Said;
use crate::claims::judge::Ruling;
use crate::claims::judge::evidence::Evidence;
use crate::claims::judge::interval::decide;
use crate::claims::rule::Quantity;

/// A time that agrees confirms the claim. One that does not refutes nothing: the seed names
/// no processor, and another machine may be slower or faster.
pub(super) fn judge(said: Said, of: Quantity, evidence: &Evidence<'_>) -> Result<Ruling, String> {
    let samples = evidence.samples(of)?;
    let value = stats::median(&samples).ok_or("no round was finished")?;
    let figure = ClaimFigure {
        value,
        unit: said.unit().to_owned(),
        ci95: stats::median_interval_95(&samples).map(Interval95::from),
        rounds: Some(samples.len()),
    };
    let mut found = decide(said, figure);
    if found.verdict == ClaimVerdict::DoesNotHold {
        found.verdict = ClaimVerdict::CannotBeTold;
        found.reason = on_another_machine(said, value);
    }
    found.reason += &evidence.suspicions(&[of.cell]);
    Ok(found)
}

fn on_another_machine(said: Said, value: f64) -> String {
    let ratio = value / said.value().unwrap_or(value);
    let (factor, way) = if ratio < 1.0 {
        (1.0 / ratio, "less")
    } else {
        (ratio, "more")
    };
    format!("{factor:.1} times {way} here, but a time is that of its machine")
}
