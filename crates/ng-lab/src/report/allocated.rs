//! What each phase asked the allocator for, as words.

use crate::model::{Allocations, CellReport, PhaseReport, Report};
use crate::report::table::{Section, Table};
use crate::report::text;

pub(super) const TITLE: &str = "Allocations";
pub(super) const HEADINGS: [&str; 8] = [
    "scenario",
    "items",
    "variant",
    "thr",
    "phase",
    "build",
    "allocations",
    "bytes",
];
pub(super) const LINE: &str = "how often each phase asked the allocator for memory, and for how \
    much, growing counted anew: counted in a run of its own that is not timed. Work that is in a \
    steady state asks as often for a million items as for a thousand. What is mapped by hand, and \
    what the kernel does, is not counted";

pub(super) fn section(report: &Report) -> Option<Section> {
    let rows: Vec<Vec<String>> = counted(report)
        .map(|(cell, phase, found)| row(cell, phase, found).to_vec())
        .collect();
    (!rows.is_empty()).then(|| Section {
        title: TITLE.to_owned(),
        lines: vec![LINE.to_owned()],
        table: Some(Table {
            headings: HEADINGS.map(str::to_owned).to_vec(),
            rows,
        }),
    })
}

/// The phases of which it is known.
pub(super) fn counted(
    report: &Report,
) -> impl Iterator<Item = (&CellReport, &PhaseReport, Allocations)> {
    let phases = report.main_phases();
    phases.filter_map(|(cell, phase)| Some((cell, phase, phase.allocations?)))
}

pub(super) fn row(cell: &CellReport, phase: &PhaseReport, found: Allocations) -> [String; 8] {
    [
        cell.key.scenario.clone(),
        text::items(cell.items()),
        cell.key.variant.clone(),
        cell.key.threads.to_string(),
        phase.name.clone(),
        cell.key.profile.name().to_owned(),
        found.count.to_string(),
        text::bytes(found.bytes),
    ]
}
