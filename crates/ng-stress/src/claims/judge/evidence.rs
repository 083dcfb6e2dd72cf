//! A report's evidence from a cell, or why it is unusable.

use ng_lab::model::{CellReport, ComparisonKind, Flag, PhaseReport, Report, Role, Verdict};

use crate::claims::cell::CellSpec;
use crate::claims::rule::Quantity;

/// The start of the lab's reason if A/A copies differ.
const AA_FAILED: &str = "aa_failed";

/// A report over `tokens` tokens, against which claims are checked.
pub(super) struct Evidence<'r> {
    pub(super) report: &'r Report,
    pub(super) tokens: u64,
}

impl<'r> Evidence<'r> {
    /// The cell, if it was measured and is usable; else why not.
    pub(super) fn cell(&self, spec: &CellSpec) -> Result<&'r CellReport, String> {
        let mut cells = self.report.cells.iter();
        let found = cells.find(|cell| cell.role == Role::Main && spec.is(cell, self.tokens));
        let what = self.name(spec);
        let cell = found.ok_or_else(|| format!("not in this run: {what}"))?;
        if cell.verdict.is_comparable() {
            return Ok(cell);
        }
        let why = match cell.verdict {
            Verdict::Invalid => flags(cell, Flag::invalidates),
            _ => cell.reason.clone().unwrap_or_default(),
        };
        Err(format!("{what} is {}: {why}", cell.verdict.name()))
    }

    fn name(&self, spec: &CellSpec) -> String {
        format!("{spec} at {} tokens", spec.size.of(self.tokens))
    }

    /// Nanoseconds per item, one for each round after round 0.
    pub(super) fn samples(&self, of: Quantity) -> Result<Vec<f64>, String> {
        let cell = self.cell(&of.cell)?;
        let phases = phases(cell, of)?;
        let items = phases.first().map_or(1, |phase| phase.items.max(1)) as f64;
        let rounds = phases.iter().map(|phase| phase.samples_ns.len()).min();
        let sum =
            |round: usize| -> u64 { phases.iter().map(|phase| phase.samples_ns[round]).sum() };
        let rounds = 0..rounds.unwrap_or(0);
        Ok(rounds.map(|round| sum(round) as f64 / items).collect())
    }

    /// How A/A copies differ, if they do: a ratio of this quantity to another is then
    /// meaningless.
    pub(super) fn noise(&self, of: Quantity) -> Option<String> {
        let items = of.cell.size.of(self.tokens);
        let mut comparisons = self.report.comparisons.iter();
        let failed = comparisons.find(|aa| {
            aa.kind == ComparisonKind::Aa
                && aa.key.cell.scenario == of.cell.scenario
                && aa.key.cell.variant == of.cell.variant
                && aa.key.cell.threads == of.cell.threads
                && aa.key.cell.items() == items
                && of.phases.contains(&aa.key.phase_name())
                && aa
                    .stopped
                    .as_ref()
                    .is_some_and(|why| why.starts_with(AA_FAILED))
        });
        let reason = failed.and_then(|aa| aa.stopped.as_deref())?;
        Some(format!("{}: {reason}", of.cell))
    }

    /// What disturbed the cells, to append to a reason.
    pub(super) fn suspicions(&self, specs: &[CellSpec]) -> String {
        let cells = specs.iter().filter_map(|spec| self.cell(spec).ok());
        // A missing interval is reported anyway.
        let mut found: Vec<String> = cells
            .flat_map(|cell| &cell.flags)
            .filter(|flag| **flag != Flag::TooFewRounds)
            .map(ToString::to_string)
            .collect();
        found.sort_unstable();
        found.dedup();
        if found.is_empty() {
            String::new()
        } else {
            format!(" (suspect: {})", found.join(", "))
        }
    }
}

fn phases(cell: &CellReport, of: Quantity) -> Result<Vec<&PhaseReport>, String> {
    let find = |name: &&str| {
        let found = cell.phases.iter().find(|phase| phase.name == *name);
        found.ok_or_else(|| format!("{} has no phase {name}", of.cell))
    };
    of.phases.iter().map(find).collect()
}

fn flags(cell: &CellReport, which: impl Fn(Flag) -> bool) -> String {
    let flags = cell.flags.iter().copied().filter(|flag| which(*flag));
    let names: Vec<String> = flags.map(|flag| flag.to_string()).collect();
    names.join(", ")
}
