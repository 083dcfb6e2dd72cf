//! The tables of cells, one for each scenario and size.

use ng_plot::{Element, Field, Section, TableRow, lines, table, text as element};

use crate::model::{CellReport, Interval95, PhaseReport, Report, Role};
use crate::report::html::group::{Group, groups};
use crate::report::lack::dev_ratio;
use crate::report::table::{confinements, dev_comparison, proofs, rate, reasons, verdict};
use crate::report::text;

/// Headings but for the rate, which names the items.
const HEADINGS: [&str; 21] = [
    "variant",
    "threads",
    "phase",
    "build",
    "median",
    "95 % interval",
    "rate",
    "of limit",
    "limit",
    "dev/release",
    "verdict",
    "min",
    "p10",
    "p90",
    "MAD",
    "samples",
    "cold",
    "resident",
    "peak",
    "file",
    "huge",
];
const RATE: usize = 6;

pub(super) fn section(report: &Report) -> Section {
    let groups = groups(report);
    let section = Section::new("cells", "Cells");
    if groups.is_empty() {
        return section.child(element("p", "no cell was planned"));
    }
    groups.iter().fold(section, |section, group| {
        section.children(part(report, group))
    })
}

/// Heading, what is to be said of the cells, and their table.
fn part(report: &Report, group: &Group<'_>) -> Vec<Element> {
    let cells: Vec<&CellReport> = group.cells.iter().map(|(_, cell)| *cell).collect();
    let mut said = proofs(&cells);
    said.extend(reasons(&cells));
    let missing = cells.iter().find_map(|cell| cell.memory_missing.as_ref());
    said.extend(missing.map(|reason| format!("no figures of memory: {reason}")));
    said.extend(confinements(&cells));
    let mut parts = vec![element("h3", &group.title())];
    parts.extend((!said.is_empty()).then(|| lines(said)));
    parts.extend(grid(report, group));
    parts
}

fn grid(report: &Report, group: &Group<'_>) -> Option<Element> {
    let mut headings = HEADINGS.map(str::to_owned);
    headings[RATE] = format!("{}/s", report.run.items);
    let cells = group.cells.iter();
    let main = cells.filter(|(_, cell)| cell.role == Role::Main);
    let rows = main.flat_map(|(_, cell)| cell.phases.iter().map(|phase| row(report, cell, phase)));
    table(&format!("Cells of {}", group.title()), headings, rows)
}

fn row(report: &Report, cell: &CellReport, phase: &PhaseReport) -> TableRow {
    let mut fields = vec![
        Field::words(&cell.key.variant),
        Field::count(cell.key.threads),
        Field::words(&phase.name),
        Field::words(cell.key.profile.name()),
    ];
    fields.extend(middle(phase));
    fields.push(Field::maybe(rate(phase), text::count));
    fields.push(Field::maybe(phase.share_of_limit, text::percent));
    let limit = phase.bound.map_or("", |bound| bound.limit.name());
    fields.push(Field::words(limit));
    fields.push(ratio(report, cell, phase));
    fields.push(Field::words(verdict(cell)));
    fields.extend(spread(phase));
    fields.extend(memory(cell));
    TableRow {
        struck: !cell.verdict.is_comparable(),
        fields,
    }
}

fn middle(phase: &PhaseReport) -> [Field; 2] {
    let none = || Field::words(format!("none (n = {})", phase.samples_ns.len()));
    let interval = |ci95: Interval95| Field::Figure(ci95.0[0], text::time_interval(ci95));
    [
        Field::maybe(phase.median_ns, text::time),
        phase.ci95_ns.map_or_else(none, interval),
    ]
}

fn spread(phase: &PhaseReport) -> [Field; 6] {
    let time = |ns| Field::maybe(ns, text::time);
    [
        time(phase.min_ns),
        time(phase.p10_ns),
        time(phase.p90_ns),
        time(phase.mad_ns),
        Field::count(phase.samples_ns.len()),
        time(phase.cold_ns.map(|ns| ns as f64)),
    ]
}

fn ratio(report: &Report, cell: &CellReport, phase: &PhaseReport) -> Field {
    let words = dev_ratio(report, cell, phase);
    let found = dev_comparison(report, cell, phase);
    match found.filter(|found| found.stopped.is_none()) {
        Some(found) => Field::Figure(found.estimate, words),
        None => Field::Words(words),
    }
}

fn memory(cell: &CellReport) -> [Field; 4] {
    let bytes = |bytes: Option<u64>| {
        Field::maybe(bytes.map(|bytes| bytes as f64), |bytes| {
            text::bytes(bytes as u64)
        })
    };
    let memory = cell.memory;
    [
        bytes(memory.map(|memory| memory.resident_bytes)),
        bytes(memory.map(|memory| memory.peak_bytes)),
        bytes(memory.map(|memory| memory.file_bytes)),
        bytes(memory.map(|memory| memory.huge_bytes)),
    ]
}
