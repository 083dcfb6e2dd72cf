//! Ratios of two times in one run.

use ng_lab::model::{ClaimFigure, Interval95};
use ng_lab::stats;

use crate::claims::claim::Said;
use crate::claims::judge::Ruling;
use crate::claims::judge::evidence::Evidence;
use crate::claims::judge::interval::decide;
use crate::claims::rule::Quantity;

pub(super) fn judge(
    said: Said,
    over: Quantity,
    under: Quantity,
    evidence: &Evidence<'_>,
) -> Result<Ruling, String> {
    let figure = times_as_long(said.unit(), over, under, evidence)?;
    Ok(judge_figure(said, figure, [over, under], evidence))
}

/// Judges a figure from a ratio of two quantities, unless the noise of either forbids it.
pub(super) fn judge_figure(
    said: Said,
    figure: ClaimFigure,
    quantities: [Quantity; 2],
    evidence: &Evidence<'_>,
) -> Ruling {
    let noise = quantities.iter().find_map(|of| evidence.noise(*of));
    let mut found = match noise {
        Some(noise) => Ruling::undecided(figure, noise),
        None => decide(said, figure),
    };
    found.reason += &evidence.suspicions(&quantities.map(|of| of.cell));
    found
}

/// The ratio, paired by round. Samples with the same index are from the same round, since
/// cells with a failed round are unusable.
pub(super) fn times_as_long(
    unit: &str,
    over: Quantity,
    under: Quantity,
    evidence: &Evidence<'_>,
) -> Result<ClaimFigure, String> {
    let (over, under) = (evidence.samples(over)?, evidence.samples(under)?);
    let pairs = over.len().min(under.len());
    let ratio = stats::paired_ratio(&over[..pairs], &under[..pairs]);
    let ratio = ratio.ok_or("no round was finished, or a phase took no time by the clock")?;
    let figure = ClaimFigure {
        value: ratio.estimate,
        unit: unit.to_owned(),
        ci95: ratio.interval.map(Interval95::from),
        rounds: Some(ratio.pairs),
    };
    Ok(match unit.starts_with('%') {
        true => scaled(figure, 100.0),
        false => figure,
    })
}

/// The figure times `factor`.
pub(super) fn scaled(figure: ClaimFigure, factor: f64) -> ClaimFigure {
    let interval = |Interval95(ends): Interval95| Interval95(ends.map(|end| end * factor));
    ClaimFigure {
        value: figure.value * factor,
        ci95: figure.ci95.map(interval),
        ..figure
    }
}
