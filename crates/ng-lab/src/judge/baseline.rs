//! Ratios of two runs: nothing is paired, and all is in their reports.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::conductor::Role;
use crate::report::{CellReport, Comparison, ComparisonKind, Interval95, PhaseReport, Report};
use crate::stats;

/// Compares each cell of `now` with that of `then` that did the same work.
pub(super) fn compare(now: &Report, then: &Report, name: &str) -> Vec<Comparison> {
    let mains = now.cells.iter().filter(|cell| cell.role == Role::Main);
    let mut found = Vec::new();
    for cell in mains {
        let Some(other) = then.cells.iter().find(|other| other.is_same_as(cell)) else {
            continue;
        };
        let stopped = not_comparable(cell, other);
        found.extend(cell.phases.iter().filter_map(|phase| {
            let comparison = compare_phase(cell, phase, other, name)?;
            Some(Comparison {
                stopped: stopped.clone(),
                ..comparison
            })
        }));
    }
    found
}

fn compare_phase(
    cell: &CellReport,
    phase: &PhaseReport,
    other: &CellReport,
    name: &str,
) -> Option<Comparison> {
    let then = other.phases.iter().find(|then| then.name == phase.name)?;
    let ratio = stats::unpaired_ratio(&times(then), &times(phase))?;
    Some(Comparison {
        kind: ComparisonKind::Baseline,
        scenario: cell.scenario.clone(),
        variant: cell.variant.clone(),
        phase: phase.name.clone(),
        size: cell.size.clone(),
        threads: cell.threads,
        profile: cell.profile,
        against: name.to_owned(),
        estimate: ratio.estimate,
        ci95: ratio.interval.map(Interval95::from),
        p: Some(ratio.p_value),
        pairs: 0,
        samples: ratio.samples,
        stopped: None,
    })
}

fn times(phase: &PhaseReport) -> Vec<f64> {
    phase.samples_ns.iter().map(|ns| *ns as f64).collect()
}

fn not_comparable(cell: &CellReport, other: &CellReport) -> Option<String> {
    let sides = [("this run's", cell), ("the baseline's", other)];
    let worthless = sides
        .into_iter()
        .find(|(_, cell)| !cell.verdict.is_comparable());
    worthless
        .map(|(whose, cell)| format!("{whose} cell is {}", cell.verdict.name()))
        .or_else(|| different_work(&cell.proof, &other.proof))
}

/// A figure that both proofs have, and not as the same value. A revision may prove
/// more than another one; what both prove must agree.
pub(super) fn different_work(
    now: &BTreeMap<String, Value>,
    then: &BTreeMap<String, Value>,
) -> Option<String> {
    let (name, now, then) = now.iter().find_map(|(name, now)| {
        let then = then.get(name).filter(|then| *then != now)?;
        Some((name, now, then))
    })?;
    Some(format!(
        "not the same work: its proof has {name} {then}, this one {now}"
    ))
}
