//! What the run is held against, and what the gate says of it.

use ng_plot::{Element, Field, Section, TableRow, table, text as element};

use crate::model::{GateReport, Outcome, PhaseOutcome, ReferenceReport, Report};
use crate::report::html::comparisons;
use crate::report::text;
use crate::report::versus::{about, change, gate_lines, title};

const HEADINGS: [&str; 11] = [
    "outcome", "scenario", "phase", "items", "build", "variant", "threads", "time", "floor", "p",
    "why",
];

/// The other side and the gate; nothing for a run that is held against nothing.
pub(super) fn section(report: &Report) -> Option<Section> {
    let reference = report.reference.as_ref()?;
    let lines = about(report, reference);
    let section = Section::new("reference", &title(reference))
        .listed_as("Against the other side")
        .children(lines.iter().map(|line| element("p", line)))
        .children(report.gate.as_ref().map(gate).into_iter().flatten());
    Some(section.children(ratios(report, reference)))
}

fn gate(gate: &GateReport) -> Vec<Element> {
    let title = format!("Gate {} %", gate.percent);
    let mut parts = vec![element("h3", &title)];
    parts.extend(gate_lines(gate).iter().map(|line| element("p", line)));
    let rows = gate.outcomes.iter().map(row);
    parts.extend(table(&title, HEADINGS, rows));
    parts
}

fn row(found: &PhaseOutcome) -> TableRow {
    let place = &found.key;
    let items = place.cell.items();
    let percent = |ratio: f64| format!("{:.1} %", (ratio - 1.0) * 100.0);
    TableRow {
        struck: found.outcome == Outcome::Invalid,
        fields: vec![
            Field::words(found.outcome.name()),
            Field::words(&place.cell.scenario),
            Field::words(place.phase.as_deref().unwrap_or_default()),
            Field::Key(items as f64, text::items(items)),
            Field::words(place.cell.profile.name()),
            Field::words(&place.cell.variant),
            Field::count(place.cell.threads),
            Field::maybe(found.time_ratio, |ratio| change(ratio, found.ci95)),
            Field::maybe(found.floor_ratio, percent),
            Field::maybe(found.p_adjusted, |p| format!("{p:.4}")),
            Field::words(found.reason.as_deref().unwrap_or_default()),
        ],
    }
}

fn ratios(report: &Report, reference: &ReferenceReport) -> [Element; 2] {
    let title = "Times as fast as the other side";
    [
        element("h3", title),
        comparisons::table(report, title, reference.kind),
    ]
}
