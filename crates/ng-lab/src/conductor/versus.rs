//! What a run is compared with, and how strictly.

use std::path::PathBuf;

use crate::conductor::{CellReadings, PlannedCell};
use crate::machine::callgrind::Callgrind;
use crate::model::{CellReport, Plant, Profile, Report, Role};
use crate::stats;

/// What a run is compared with; nothing by default.
#[derive(Clone, Debug, Default)]
pub struct Versus {
    /// The other side.
    pub reference: Option<Reference>,
    /// How much slower than the other side is too slow.
    pub gate: Option<Gate>,
    /// How many more instructions are too many, if they are counted. Needs another program.
    pub instructions: Option<InstructionGate>,
    /// A deliberate slowdown, to show that the gate catches it.
    pub plant: Option<Plant>,
}

/// How many more instructions are too many.
#[derive(Clone, Debug, PartialEq)]
pub struct InstructionGate {
    /// Per cent of the other side's.
    pub percent: f64,
    /// The tool that counts them.
    pub callgrind: Callgrind,
    /// Whether nothing is timed.
    pub alone: bool,
}

/// The other side of a comparison.
#[derive(Clone, Debug)]
pub enum Reference {
    /// Another program, measured in the same rounds: paired.
    Against(Against),
    /// A report of another run: not paired.
    Baseline(Baseline),
}

/// Another revision's program, in the build of the A/A copy.
#[derive(Clone, Debug)]
pub struct Against {
    /// What the user called it.
    pub name: String,
    /// The commit it was built from; empty if unknown.
    pub commit: String,
    /// Its worker program.
    pub program: PathBuf,
}

/// A kept report.
#[derive(Clone, Debug)]
pub struct Baseline {
    /// What the user called it.
    pub name: String,
    /// The report.
    pub report: Box<Report>,
}

/// How much slower is too slow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gate {
    /// Per cent of the other side's time.
    pub percent: f64,
    /// Whether rounds are added until the gate can decide; not if the user set their
    /// number.
    pub adds_rounds: bool,
}

impl Gate {
    /// Returns the logarithm of the allowed ratio.
    pub(crate) fn log_ratio(self) -> f64 {
        (self.percent / 100.0).ln_1p()
    }
}

impl Versus {
    /// The program measured in the same rounds, if any.
    pub(crate) fn against(&self) -> Option<&Against> {
        match &self.reference {
            Some(Reference::Against(against)) => Some(against),
            _ => None,
        }
    }

    /// Whether instructions are counted and nothing is timed.
    pub(crate) fn counts_alone(&self) -> bool {
        self.instructions.as_ref().is_some_and(|gate| gate.alone)
    }

    /// The kept report to compare with, if any.
    pub(crate) fn baseline(&self) -> Option<&Baseline> {
        match &self.reference {
            Some(Reference::Baseline(baseline)) => Some(baseline),
            _ => None,
        }
    }

    /// Returns the number of phases that both revisions have, known after round 0.
    pub(crate) fn tests(&self, cells: &[CellReadings]) -> usize {
        cells
            .iter()
            .filter(|cell| cell.planned.role == Role::Against)
            .filter_map(CellReadings::any_reading)
            .map(|reading| reading.phases.len())
            .sum()
    }

    /// The fewest rounds after which the gate can decide, once round 0 has shown which
    /// phases there are; 0 without a gate.
    pub(crate) fn rounds_needed(&self, cells: &[CellReadings]) -> u32 {
        if self.gate.is_none() {
            return 0;
        }
        match &self.reference {
            None => 0,
            Some(Reference::Against(_)) => stats::paired_rounds(self.tests(cells)),
            Some(Reference::Baseline(baseline)) => {
                let samples = baseline_samples(cells, &baseline.report);
                let fewest = samples.iter().copied().min().unwrap_or(0);
                stats::unpaired_rounds(samples.len(), fewest)
            }
        }
    }
}

/// The number of the baseline's samples of each phase to be compared.
fn baseline_samples(cells: &[CellReadings], baseline: &Report) -> Vec<usize> {
    let gated = gated_profile(cells);
    let mut samples = Vec::new();
    for cell in cells {
        let planned = &cell.planned;
        let reading = cell.any_reading();
        let gated = planned.role == Role::Main && Some(planned.profile) == gated;
        let then = baseline.cells.iter().find(|then| is_of(then, planned));
        if let (true, Some(reading), Some(then)) = (gated, reading, then) {
            let phases = then
                .phases
                .iter()
                .filter(|then| reading.phases.iter().any(|phase| phase.name == then.name));
            samples.extend(phases.map(|phase| phase.samples_ns.len()));
        }
    }
    samples
}

fn is_of(then: &CellReport, planned: &PlannedCell) -> bool {
    let variant = &planned.cell.variant;
    then.is_main(&planned.key(&then.key.size.name))
        && then.pages == variant.pages
        && then.host_warm == variant.host_warm
        && then.memory_limit_bytes == planned.memory_limit_bytes
}

/// The build that has an A/A copy: only its noise is known.
pub(super) fn gated_profile(cells: &[CellReadings]) -> Option<Profile> {
    let aa = cells.iter().find(|cell| cell.planned.role == Role::Aa);
    aa.map(|cell| cell.planned.profile)
}
