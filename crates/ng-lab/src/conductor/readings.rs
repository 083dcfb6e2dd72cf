//! The raw readings of a run, before they are judged.

use std::collections::{BTreeMap, BTreeSet};

use crate::conductor::plan::PlannedCell;
use crate::machine::kernel::CpuTicks;
use crate::model::{Limit, LimitKey, Look, Role};
use crate::stats::Looks;
use crate::worker::protocol::CellReading;

/// Everything that one run measured.
#[derive(Clone, Debug, Default)]
pub struct Readings {
    /// One entry per planned cell, in the plan's order.
    pub cells: Vec<CellReadings>,
    /// Readings by limit.
    pub limits: BTreeMap<LimitKey, Vec<LimitSample>>,
    /// Probes that failed, in their own words.
    pub probe_failures: Vec<String>,
    /// Whole rounds after round 0; the most of any cell.
    pub rounds: u32,
    /// All planned looks; those taken have a time.
    pub looks: Vec<Look>,
    /// Their levels.
    pub(crate) schedule: Looks,
    /// Whether the user stopped the run.
    pub interrupted: bool,
    /// What else ended it early.
    pub stopped_by: Option<String>,
}

/// One reading of a limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LimitSample {
    /// The round; 0 is the cold one.
    pub round: u32,
    /// The block it was probed beside, if any.
    pub block: Option<usize>,
    /// Nanoseconds per unit.
    pub ns_per_unit: f64,
}

/// All runs of one planned cell.
#[derive(Clone, Debug)]
pub struct CellReadings {
    /// The cell, its build and role.
    pub planned: PlannedCell,
    /// One entry per round in which it ran.
    pub rounds: Vec<CellRound>,
}

/// One run of one cell.
#[derive(Clone, Debug)]
pub struct CellRound {
    /// The round; 0 is the cold one.
    pub round: u32,
    /// Which task of its round it was.
    pub position: u32,
    /// The reading, or why there is none.
    pub reading: Result<CellReading, String>,
    /// Whether the worker replied, even if only with a refusal.
    pub answered: bool,
    /// Processor time of the machine while the worker ran.
    pub ticks: CpuTicks,
}

impl CellReadings {
    /// The successful runs after round 0.
    pub fn warm(&self) -> impl Iterator<Item = (&CellRound, &CellReading)> {
        self.rounds
            .iter()
            .filter(|run| run.round > 0)
            .filter_map(|run| Some((run, run.reading.as_ref().ok()?)))
    }

    /// The times of a phase after round 0, with their rounds, in nanoseconds.
    #[must_use]
    pub fn samples(&self, phase: &str) -> Vec<(u32, u64)> {
        self.warm()
            .filter_map(|(run, reading)| Some((run.round, reading.phase(phase)?.elapsed_ns)))
            .collect()
    }

    /// The time of a phase in round 0, in nanoseconds.
    #[must_use]
    pub fn cold_ns(&self, phase: &str) -> Option<u64> {
        let cold = self.rounds.iter().find(|run| run.round == 0)?;
        Some(cold.reading.as_ref().ok()?.phase(phase)?.elapsed_ns)
    }

    /// Why another revision's cell is left out after round 0, if it is: its worker
    /// refused the task there, for example because that revision has no such work. A
    /// worker that crashed or timed out has failed instead.
    #[must_use]
    pub fn left_out(&self) -> Option<&str> {
        let first = self.rounds.first()?;
        let failed = first.reading.as_ref().err()?;
        let left_out = self.planned.role == Role::Against && first.round == 0 && first.answered;
        left_out.then_some(failed.as_str())
    }

    /// The readings of all successful runs, round 0 included.
    pub fn readings(&self) -> impl Iterator<Item = &CellReading> {
        self.rounds
            .iter()
            .filter_map(|run| run.reading.as_ref().ok())
    }

    /// Any successful reading: names of phases and bounds are the same in all.
    #[must_use]
    pub fn any_reading(&self) -> Option<&CellReading> {
        self.readings().next()
    }
}

impl Readings {
    /// Whether less was measured than planned.
    #[must_use]
    pub fn ended_early(&self) -> bool {
        self.interrupted || self.stopped_by.is_some()
    }

    /// Adds a reading of a probe.
    pub fn add_limit(&mut self, key: LimitKey, sample: LimitSample) {
        self.limits.entry(key).or_default().push(sample);
    }

    /// The limits that bound the cells of `block`, with their threads.
    #[must_use]
    pub fn bounds_of(&self, block: usize) -> BTreeSet<(usize, Limit)> {
        let cells = self.cells.iter().filter(|cell| cell.planned.block == block);
        let reading = cells.filter_map(CellReadings::any_reading).next();
        let phases = reading.into_iter().flat_map(|reading| &reading.phases);
        phases
            .filter_map(|phase| phase.bound)
            .map(|bound| (bound.threads, bound.limit))
            .collect()
    }
}
