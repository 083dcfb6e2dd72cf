//! The memory of each cell.

use ng_plot::marks::{bar, hint, line};
use ng_plot::{Axis, Element, Figure, Label, Row, Scale, Strip, short};
use serde_json::Value;

use crate::model::{CellReport, MemoryReading, Report};
use crate::report::sections::{Group, Indexed, Work, groups};
use crate::report::text;

const NAME: &str = "memory";
const TITLE: &str = "Memory";
/// The proof's figure for the address space that a cell reserved.
const RESERVED: &str = "reserved_bytes";

pub(super) fn figure(report: &Report) -> Figure<'static> {
    let item_bytes = report.run.item_bytes;
    let groups = groups(report);
    let panels = groups.iter().filter_map(|group| panel(group, item_bytes));
    Figure {
        name: NAME,
        title: TITLE,
        key: key(report),
        panels: panels.collect(),
        otherwise: "the report has no memory figures".to_owned(),
        shows: "Shows the largest resident size at the end of a phase, from the kernel, as a \
                median over the rounds: from its left end the part on huge pages, from its right \
                end the part in pages of files. Beside it: what the items should take (computed: \
                number times size), what the cell declares as reserved, and its memory limit, if \
                any.",
        shows_not: "Does not show the peak, which is in the tables, or how much of the resident \
                    size is the program itself: even an empty worker has some mebibytes.",
        notes: missing(report),
    }
}

fn key(report: &Report) -> Vec<(&'static str, &'static str)> {
    let mut key = vec![
        ("resident", "resident"),
        ("huge", "of that on huge pages"),
        ("file", "of that in pages of files"),
        ("computed", "computed"),
        ("reserved", "reserved"),
    ];
    if report.cells.iter().any(|cell| confined(cell).is_some()) {
        key.push(("confined", "confined to"));
    }
    key
}

/// Which figures are missing, and why.
fn missing(report: &Report) -> Vec<String> {
    let mut notes = Vec::new();
    if report.run.item_bytes.is_none() {
        notes.push("Computed is missing: the report does not say how large an item is.".to_owned());
    }
    let all = report.cells.len();
    let silent = report.cells.iter().filter(|cell| reserved(cell).is_none());
    match silent.count() {
        0 => {}
        silent if silent == all => notes.push(format!(
            "Reserved is missing: no cell declares it (as {RESERVED} in its proof)."
        )),
        silent => notes.push(format!(
            "Reserved is missing for {silent} of {all} cells, which do not declare it (as \
             {RESERVED} in their proof)."
        )),
    }
    notes
}

fn reserved(cell: &CellReport) -> Option<f64> {
    cell.proof.get(RESERVED).and_then(Value::as_f64)
}

fn confined(cell: &CellReport) -> Option<f64> {
    cell.memory_limit_bytes.map(|bytes| bytes as f64)
}

fn computed(cell: &CellReport, item_bytes: Option<u64>) -> Option<f64> {
    Some(cell.items() as f64 * item_bytes? as f64)
}

fn panel(group: &Group<'_>, item_bytes: Option<u64>) -> Option<Element> {
    let works = group.works();
    let cells = works.iter().flat_map(Work::main);
    let cells: Vec<(Indexed<'_>, MemoryReading)> = cells
        .filter_map(|cell| Some((cell, cell.1.memory?)))
        .collect();
    let scale = Scale::of_bytes(cells.iter().flat_map(|((_, cell), memory)| {
        let resident = memory.resident_bytes as f64;
        let marks = [computed(cell, item_bytes), reserved(cell), confined(cell)];
        marks.into_iter().flatten().chain([resident])
    }));
    let rows = cells
        .iter()
        .map(|(cell, memory)| row(*cell, memory, item_bytes, scale));
    Strip {
        plot: NAME,
        title: group.title(),
        about: "Bytes of memory of each cell".to_owned(),
        axis: Axis::new(scale, 5, &|bytes| short(&text::bytes(bytes as u64))),
        rows: rows.collect(),
    }
    .render()
}

fn row(
    (index, cell): Indexed<'_>,
    memory: &MemoryReading,
    item_bytes: Option<u64>,
    scale: Scale,
) -> Row {
    let struck = !cell.verdict.is_comparable();
    let mut marks = bars(index, memory, struck, scale);
    marks.extend(lines(index, cell, item_bytes, scale));
    // There is room for one; both are in the tables.
    let (part, bytes) = match memory.huge_bytes {
        0 => ("file", memory.file_bytes),
        huge => ("huge", huge),
    };
    let resident = text::bytes(memory.resident_bytes);
    let figure = format!("{resident}, {part} {}", text::bytes(bytes));
    Row {
        name: format!("{} x{}", cell.key.variant, cell.key.threads),
        note: cell.key.profile.name().to_owned(),
        figures: vec![Label::alone(figure, struck)],
        marks,
    }
}

/// The kernel's figures.
fn bars(index: usize, memory: &MemoryReading, struck: bool, scale: Scale) -> Vec<Element> {
    let hollow = if struck { " hollow" } else { "" };
    let resident = memory.resident_bytes;
    let anonymous = resident.saturating_sub(memory.file_bytes);
    let bars = [
        ("resident", resident, [0, resident], 0.0, 1.0),
        ("huge", memory.huge_bytes, [0, memory.huge_bytes], 0.3, 0.7),
        ("file", memory.file_bytes, [anonymous, resident], 0.3, 0.7),
    ];
    bars.map(|(kind, bytes, ends, top, bottom)| {
        let [left, right] = ends.map(|bytes| scale.place(bytes as f64));
        let shape = bar(left, right, top, bottom);
        named(shape, kind, hollow, index, bytes as f64)
    })
    .into()
}

/// The expected figures.
fn lines(index: usize, cell: &CellReport, item_bytes: Option<u64>, scale: Scale) -> Vec<Element> {
    let lines = [
        ("computed", computed(cell, item_bytes), -0.2, 0.6),
        ("reserved", reserved(cell), 0.4, 1.2),
        ("confined", confined(cell), -0.2, 1.2),
    ];
    let lines = lines.into_iter().filter_map(|(kind, bytes, top, bottom)| {
        let at = scale.place(bytes?);
        let shape = line((at, top), (at, bottom));
        Some(named(shape, kind, "", index, bytes?))
    });
    lines.collect()
}

fn named(shape: Element, kind: &str, hollow: &str, index: usize, bytes: f64) -> Element {
    shape
        .class(&format!("{kind}{hollow}"))
        .with("data-cell", index)
        .with("data-figure", kind)
        .figure("data-value", bytes)
        .child(hint(&format!("{kind}: {}", text::bytes(bytes as u64))))
}
