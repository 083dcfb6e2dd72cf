//! The phases that make up each cell's time.

use ng_plot::marks::{bar, colour, hint};
use ng_plot::{Axis, Element, Figure, Label, Row, Scale, Strip, series_key, short};

use crate::model::{CellReport, Profile, Report, Role};
use crate::report::sections::{Group, Indexed, groups, phase_names};
use crate::report::text;

const NAME: &str = "phases";
const TITLE: &str = "Phases";

pub(super) fn figure(report: &Report) -> Figure<'static> {
    let mut panels = Vec::new();
    for group in groups(report) {
        for profile in [Profile::Release, Profile::Dev] {
            panels.extend(panel(&group, profile));
        }
    }
    Figure {
        name: NAME,
        title: TITLE,
        panels,
        otherwise: "no phase has a median".to_owned(),
        shows: "Shows the median times of the phases end to end, one row per cell. Each panel has \
                its own scale.",
        shows_not: "Does not show what happens between phases, which is not timed; and a sum of \
                    medians is not the median of the sums. Hollow bars belong to unusable cells.",
        ..Figure::default()
    }
}

fn panel(group: &Group<'_>, profile: Profile) -> Option<Element> {
    let cells = group.cells.iter().copied();
    let cells: Vec<Indexed<'_>> = cells
        .filter(|(_, cell)| cell.role == Role::Main && cell.key.profile == profile)
        .filter(|(_, cell)| cell.phases.iter().any(|phase| phase.median_ns.is_some()))
        .collect();
    let names = phase_names(&cells);
    let scale = Scale::from_zero(cells.iter().map(|(_, cell)| total(cell)));
    let strip = Strip {
        plot: NAME,
        title: format!("{}: {}", group.title(), profile.name()),
        about: "Median times of the phases of each cell, stacked".to_owned(),
        axis: Axis::new(scale, 5, &|ns| short(&text::time(ns))),
        rows: cells.iter().map(|cell| row(*cell, &names, scale)).collect(),
    };
    Some(strip.render()?.children(series_key(&names)))
}

fn total(cell: &CellReport) -> f64 {
    cell.phases.iter().filter_map(|phase| phase.median_ns).sum()
}

fn row((index, cell): Indexed<'_>, names: &[&str], scale: Scale) -> Row {
    Row {
        name: format!("{} x{}", cell.key.variant, cell.key.threads),
        note: String::new(),
        figures: vec![Label::alone(text::time(total(cell)), is_hollow(cell))],
        marks: stack(index, cell, names, scale),
    }
}

fn is_hollow(cell: &CellReport) -> bool {
    !cell.verdict.is_comparable()
}

fn stack(index: usize, cell: &CellReport, names: &[&str], scale: Scale) -> Vec<Element> {
    let mut before_ns = 0.0;
    let mut marks = Vec::new();
    for (phase_index, phase) in cell.phases.iter().enumerate() {
        let Some(median_ns) = phase.median_ns else {
            continue;
        };
        let left = scale.place(before_ns);
        before_ns += median_ns;
        let colour_index = names.iter().position(|name| *name == phase.name);
        let colour = colour(colour_index.unwrap_or(0));
        let hollow = if is_hollow(cell) { " hollow" } else { "" };
        marks.push(
            bar(left, scale.place(before_ns), 0.1, 0.9)
                .class(&format!("{colour}{hollow}"))
                .with("data-cell", index)
                .with("data-phase", phase_index)
                .figure("data-value", median_ns)
                .child(hint(&format!("{}: {}", phase.name, text::time(median_ns)))),
        );
    }
    marks
}
