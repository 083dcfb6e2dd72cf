//! How the threads of a phase shared its work.

use crate::conductor::CellReadings;
use crate::machine::threads::ThreadWork;
use crate::model::ThreadsReport;
use crate::stats;
use crate::worker::run::PhaseReading;

/// Medians over the rounds after round 0. None for cells of one thread, and if fewer
/// threads were seen than the cell has: a thread that ends within the phase leaves
/// nothing to read.
pub(super) fn shared(cell: &CellReadings, phase: &str) -> Option<ThreadsReport> {
    let threads = cell.planned.cell.variant.threads;
    if threads < 2 {
        return None;
    }
    let seen: Vec<(&PhaseReading, &[ThreadWork])> = cell
        .warm()
        .filter_map(|(_, reading)| reading.phase(phase))
        .filter_map(|readings| Some((readings, readings.threads.get(..threads)?)))
        .collect();
    let median = |figure: &dyn Fn(&PhaseReading, &[ThreadWork]) -> f64| {
        let figures: Vec<f64> = seen
            .iter()
            .map(|(readings, busiest)| figure(readings, busiest))
            .collect();
        stats::median(&figures)
    };
    let share = |busy: Option<&ThreadWork>, readings: &PhaseReading| {
        busy.map_or(0.0, |work| work.busy_ns as f64) / readings.elapsed_ns.max(1) as f64
    };
    // Sorted, the busiest first.
    Some(ThreadsReport {
        least_busy: median(&|readings, busiest| share(busiest.last(), readings))?,
        most_busy: median(&|readings, busiest| share(busiest.first(), readings))?,
        waits: median(&|_, busiest| busiest.iter().map(|work| work.waits as f64).sum())?,
        preemptions: median(&|_, busiest| {
            busiest.iter().map(|work| work.preemptions as f64).sum()
        })?,
    })
}
