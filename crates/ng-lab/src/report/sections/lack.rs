//! What is shown in place of a missing ratio.

use crate::model::{
    CellReport, Comparison, ComparisonKind, NotCompared, PhaseReport, Profile, Report,
};
use crate::report::text;

/// How many times as fast release is, in the row of release; else why there is no ratio.
pub(super) fn dev_ratio(report: &Report, cell: &CellReport, phase: &PhaseReport) -> String {
    if let Some(found) = dev_comparison(report, cell, phase) {
        return estimate(found);
    }
    let kind = ComparisonKind::DevVsRelease;
    let lack = of_kind(report, kind).find(|lack| lack.is_of(cell, &phase.name));
    match lack {
        Some(lack) => not_compared(&lack.reason),
        None if cell.key.profile == Profile::Dev => "in the row of release".to_owned(),
        // An older program's report does not say why.
        None => "not compared".to_owned(),
    }
}

pub(super) fn estimate(comparison: &Comparison) -> String {
    match &comparison.stopped {
        None => text::ratio(comparison.estimate, comparison.ci95),
        Some(reason) => not_compared(reason),
    }
}

pub(super) fn not_compared(reason: &str) -> String {
    format!("not compared: {reason}")
}

/// The missing ratios of a kind.
pub(super) fn of_kind(report: &Report, kind: ComparisonKind) -> impl Iterator<Item = &NotCompared> {
    let all = report.not_compared.iter();
    all.filter(move |lack| lack.kind == kind)
}

/// Why a run has no ratio of a kind at all.
pub(super) fn why_none(report: &Report, kind: ComparisonKind) -> String {
    match kind {
        ComparisonKind::Threads => lack_of_threads(report),
        ComparisonKind::Variants => {
            "no scenario was measured in two variants on the same number of threads".to_owned()
        }
        ComparisonKind::Aa => "no program was measured twice".to_owned(),
        _ => "none in this run".to_owned(),
    }
}

pub(crate) fn lack_of_threads(report: &Report) -> String {
    let mut counts: Vec<usize> = report.cells.iter().map(|cell| cell.key.threads).collect();
    counts.sort_unstable();
    counts.dedup();
    match counts[..] {
        [] => "nothing was measured".to_owned(),
        [count] => format!(
            "only one thread count was measured, {count}: a speed-up needs one thread and more"
        ),
        _ => "no variant was measured on one thread and on more".to_owned(),
    }
}

pub(super) fn count_of_threads(threads: usize) -> String {
    match threads {
        1 => "1 thread".to_owned(),
        threads => format!("{threads} threads"),
    }
}

/// The comparison of this phase with the dev build, if there is one.
pub(super) fn dev_comparison<'r>(
    report: &'r Report,
    cell: &CellReport,
    phase: &PhaseReport,
) -> Option<&'r Comparison> {
    report.comparisons.iter().find(|comparison| {
        comparison.kind == ComparisonKind::DevVsRelease
            && comparison.is_of(cell)
            && comparison.key.phase_name() == phase.name
    })
}
