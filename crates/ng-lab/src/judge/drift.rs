//! Times that follow an order: the rounds, or the position in a round.
//!
//! A run tests every phase of every copy, hundreds of tests. So the p-values are
//! adjusted for their number, and few rounds cannot show drift: with six rounds no p
//! is small enough among so many.

use std::collections::BTreeMap;

use crate::conductor::{CellReadings, Readings};
use crate::model::{CellReport, Finding, Flag};
use crate::stats;

/// The chance of a false alarm anywhere in a run.
const P: f64 = 0.01;

/// Times along an order.
struct Drift {
    cell: usize,
    phase: String,
    flag: Flag,
    p_value: f64,
    /// From one end of the order to the other, as a share of the median.
    change: f64,
}

/// Flags the cells whose times follow an order.
pub(super) fn flag(readings: &Readings, reports: &mut [CellReport]) {
    let tasks = tasks(readings);
    let drifts: Vec<Drift> = readings
        .cells
        .iter()
        .zip(&*reports)
        .enumerate()
        .flat_map(|(index, (cell, report))| {
            let phases = report.phases.iter();
            let tasks = &tasks;
            phases.flat_map(move |phase| along_both_orders(index, cell, &phase.name, tasks))
        })
        .collect();
    let p_values: Vec<f64> = drifts.iter().map(|drift| drift.p_value).collect();
    for (drift, p_value) in drifts.iter().zip(stats::holm(&p_values)) {
        if p_value < P && drift.change.abs() > drift.flag.threshold() {
            reports[drift.cell].add_findings([drift.finding(p_value)]);
        }
    }
}

/// Returns the number of tasks of each round, if a gate stopped cells. A position is then
/// relative to its round, since shorter rounds would otherwise look like an order effect.
fn tasks(readings: &Readings) -> BTreeMap<u32, f64> {
    let mut tasks = BTreeMap::new();
    if !readings.looks.is_empty() {
        for run in readings.cells.iter().flat_map(|cell| &cell.rounds) {
            let known = tasks.entry(run.round).or_insert(1.0f64);
            *known = known.max(f64::from(run.position + 1));
        }
    }
    tasks
}

fn along_both_orders(
    index: usize,
    cell: &CellReadings,
    phase: &str,
    tasks: &BTreeMap<u32, f64>,
) -> Vec<Drift> {
    let (mut times, mut rounds, mut positions) = (Vec::new(), Vec::new(), Vec::new());
    for (run, reading) in cell.warm() {
        if let Some(found) = reading.phase(phase) {
            times.push(found.elapsed_ns as f64);
            rounds.push(f64::from(run.round));
            let tasks = tasks.get(&run.round).copied().unwrap_or(1.0);
            positions.push(f64::from(run.position) / tasks);
        }
    }
    let along = |flag, order: &[f64]| {
        let trend = stats::trend(order, &times)?;
        let median_ns = stats::median(&times).filter(|ns| *ns > 0.0)?;
        let ends = |fold: fn(f64, f64) -> f64, start| order.iter().copied().fold(start, fold);
        let span = ends(f64::max, f64::NEG_INFINITY) - ends(f64::min, f64::INFINITY);
        Some(Drift {
            cell: index,
            phase: phase.to_owned(),
            flag,
            p_value: trend.p_value,
            change: trend.slope * span / median_ns,
        })
    };
    let both = [(Flag::Trend, &rounds), (Flag::OrderEffect, &positions)];
    both.into_iter()
        .filter_map(|(flag, order)| along(flag, order))
        .collect()
}

impl Drift {
    fn finding(&self, p_value: f64) -> Finding {
        let over = match self.flag {
            Flag::Trend => "over the rounds",
            _ => "over the positions in a round",
        };
        Finding {
            flag: self.flag,
            phase: Some(self.phase.clone()),
            detail: format!(
                "changes by {:+.0} % {over} (p = {p_value:.4}, adjusted for the whole run)",
                self.change * 100.0
            ),
        }
    }
}
