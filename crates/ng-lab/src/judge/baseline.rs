//! Ratios of two runs, unpaired, from their reports alone.

use crate::judge::compare::Compared;
use crate::judge::not_compared::{self, different_work};
use crate::model::{
    CellReport, Comparison, ComparisonKind, Interval95, PhaseKey, PhaseReport, Report, Role,
};
use crate::stats;

/// Compares each cell of `now` with the cell of `then` that did the same work.
pub(super) fn compare(now: &Report, then: &Report, name: &str) -> Compared {
    let mains = now.cells.iter().filter(|cell| cell.role == Role::Main);
    let mut found = Compared::default();
    for cell in mains {
        let mut lack = |phase: Option<&str>, reason: &str| {
            let kind = ComparisonKind::Baseline;
            let entry = not_compared::entry(kind, cell, phase, name, reason.to_owned());
            found.not_compared.push(entry);
        };
        let Some(other) = then.cells.iter().find(|other| other.is_same_as(cell)) else {
            lack(None, "the baseline has no such cell");
            continue;
        };
        let stopped = not_comparable(cell, other);
        if cell.phases.is_empty() {
            lack(None, stopped.as_deref().unwrap_or("it has no phases"));
        }
        for phase in &cell.phases {
            match compare_phase(cell, phase, other, name) {
                Ok(comparison) => found.comparisons.push(Comparison {
                    stopped: stopped.clone(),
                    ..comparison
                }),
                Err(reason) => lack(Some(&phase.name), stopped.as_deref().unwrap_or(&reason)),
            }
        }
    }
    found
}

fn compare_phase(
    cell: &CellReport,
    phase: &PhaseReport,
    other: &CellReport,
    name: &str,
) -> Result<Comparison, String> {
    let then = other.phase(&phase.name);
    let then = then.ok_or_else(|| format!("the baseline has no phase {}", phase.name))?;
    let ratio = stats::unpaired_ratio(&times(then), &times(phase));
    let ratio = ratio.ok_or("there are no times to compare")?;
    Ok(Comparison {
        kind: ComparisonKind::Baseline,
        key: PhaseKey::new(&cell.key, Some(&phase.name)),
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
