//! How times grow with the number of items, within one run.

use crate::conductor::{CellReadings, Readings};
use crate::judge::compare::paired_samples;
use crate::judge::not_compared::not_comparable;
use crate::model::{CellReport, Interval95, Role, Scaling};
use crate::stats;

/// The exponents of every phase measured at more than one size.
pub(super) fn all(readings: &Readings, reports: &[CellReport]) -> Vec<Scaling> {
    let mut found = Vec::new();
    for larger in 0..readings.cells.len() {
        for smaller in smaller_ones(readings, larger) {
            found.extend(exponents(readings, reports, smaller, larger));
        }
    }
    found
}

/// The cells that a cell is compared with: the next smaller size, and the smallest.
fn smaller_ones(readings: &Readings, larger: usize) -> Vec<usize> {
    let items = |index: usize| readings.cells[index].planned.cell.items;
    let mut smaller: Vec<usize> = (0..readings.cells.len())
        .filter(|&index| is_smaller(&readings.cells[index], &readings.cells[larger]))
        .collect();
    smaller.sort_by_key(|&index| items(index));
    let (first, last) = (smaller.first().copied(), smaller.last().copied());
    let mut chosen: Vec<usize> = last.into_iter().chain(first).collect();
    chosen.dedup();
    chosen
}

fn is_smaller(smaller: &CellReadings, larger: &CellReadings) -> bool {
    let (a, b) = (&smaller.planned, &larger.planned);
    a.role == Role::Main
        && b.role == Role::Main
        && a.profile == b.profile
        && a.cell.scenario == b.cell.scenario
        && a.cell.variant == b.cell.variant
        && a.cell.items < b.cell.items
}

fn exponents(
    readings: &Readings,
    reports: &[CellReport],
    smaller: usize,
    larger: usize,
) -> Vec<Scaling> {
    let (small, large) = (&readings.cells[smaller], &readings.cells[larger]);
    let (from, to) = (small.planned.cell.items, large.planned.cell.items);
    let log_growth = (to as f64 / from as f64).ln();
    let exponent = |ratio: f64| ratio.ln() / log_growth;
    let phases = reports[larger].phases.iter();
    phases
        .filter_map(|phase| {
            let (small_ns, large_ns) = paired_samples(small, large, &phase.name);
            let level = readings.schedule.level(small_ns.len());
            let ratio = stats::paired_ratio_at(level.miss, &large_ns, &small_ns)?;
            let cell = &large.planned;
            Some(Scaling {
                scenario: cell.cell.scenario.clone(),
                variant: cell.cell.variant.name.clone(),
                phase: phase.name.clone(),
                threads: cell.cell.variant.threads,
                profile: cell.profile,
                from,
                to,
                exponent: exponent(ratio.estimate),
                ci95: ratio
                    .interval
                    .map(|interval| Interval95([exponent(interval.low), exponent(interval.high)])),
                pairs: ratio.pairs,
                stopped: not_comparable(&[&reports[smaller], &reports[larger]]),
            })
        })
        .collect()
}
