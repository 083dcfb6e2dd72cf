//! How the threads of each phase shared its work, as words.

use crate::model::{CellReport, PhaseReport, Profile, Report, ThreadsReport};
use crate::report::table::{Detail, Section, Table};
use crate::report::text;

pub(super) const TITLE: &str = "How threads shared the work";
pub(super) const HEADINGS: [&str; 9] = [
    "scenario",
    "items",
    "variant",
    "thr",
    "phase",
    "build",
    "busy, least to most",
    "waits",
    "preempted",
];
pub(super) const LINE: &str = "of a phase's time, how long its least and its most busy thread were \
    on a processor; how often all of them together gave it up to wait, or had it taken away. Work \
    that is shared evenly and without locks has every thread busy throughout, and no waits but at \
    its ends";

/// Only the release build in short.
pub(super) fn section(report: &Report, detail: Detail) -> Option<Section> {
    let rows: Vec<Vec<String>> = shared(report)
        .filter(|(cell, ..)| detail == Detail::Full || cell.key.profile == Profile::Release)
        .map(|(cell, phase, threads)| row(cell, phase, threads).to_vec())
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
pub(super) fn shared(
    report: &Report,
) -> impl Iterator<Item = (&CellReport, &PhaseReport, &ThreadsReport)> {
    let phases = report.main_phases();
    phases.filter_map(|(cell, phase)| Some((cell, phase, phase.threads.as_ref()?)))
}

pub(super) fn row(cell: &CellReport, phase: &PhaseReport, threads: &ThreadsReport) -> [String; 9] {
    let (least, most) = (threads.least_busy, threads.most_busy);
    [
        cell.key.scenario.clone(),
        text::items(cell.items()),
        cell.key.variant.clone(),
        cell.key.threads.to_string(),
        phase.name.clone(),
        cell.key.profile.name().to_owned(),
        format!("{} to {}", text::percent(least), text::percent(most)),
        threads.waits.to_string(),
        threads.preemptions.to_string(),
    ]
}
