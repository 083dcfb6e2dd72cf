//! How the threads of a phase shared its work.

use crate::conductor::CellRecord;
use crate::machine::threads::ThreadWork;
use crate::model::ThreadsReport;
use crate::stats;
use crate::worker::run::PhaseRecord;

/// Medians over the rounds after round 0. None for cells of one thread, and where
/// fewer threads were seen than the cell has: those that ended within the phase
/// left nothing to be read.
pub(super) fn shared(cell: &CellRecord, phase: &str) -> Option<ThreadsReport> {
    let threads = cell.planned.cell.variant.threads;
    if threads < 2 {
        return None;
    }
    let seen: Vec<(&PhaseRecord, &[ThreadWork])> = cell
        .warm()
        .filter_map(|(_, reading)| reading.phases.iter().find(|found| found.name == phase))
        .filter_map(|record| Some((record, record.threads.get(..threads)?)))
        .collect();
    let median = |figure: &dyn Fn(&PhaseRecord, &[ThreadWork]) -> f64| {
        let figures: Vec<f64> = seen
            .iter()
            .map(|(record, busiest)| figure(record, busiest))
            .collect();
        stats::median(&figures)
    };
    let share = |busy: Option<&ThreadWork>, record: &PhaseRecord| {
        busy.map_or(0.0, |work| work.busy_ns as f64) / record.elapsed_ns.max(1) as f64
    };
    // They are in order, the busiest first.
    Some(ThreadsReport {
        least_busy: median(&|record, busiest| share(busiest.last(), record))?,
        most_busy: median(&|record, busiest| share(busiest.first(), record))?,
        waits: median(&|_, busiest| busiest.iter().map(|work| work.waits as f64).sum())?,
        preemptions: median(&|_, busiest| {
            busiest.iter().map(|work| work.preemptions as f64).sum()
        })?,
    })
}
