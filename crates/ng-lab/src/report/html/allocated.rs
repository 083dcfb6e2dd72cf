//! The table of what phases asked the allocator for.

use crate::report::Report;
use crate::report::allocated::{HEADINGS, LINE, TITLE, counted, row};
use crate::report::html::grid::{Field, Grid, GridRow};
use crate::report::html::markup::{Element, text};

pub(super) const NAME: &str = "allocations";

pub(super) fn is_there(report: &Report) -> bool {
    counted(report).next().is_some()
}

/// Nothing where nothing was counted.
pub(super) fn section(report: &Report) -> Option<Element> {
    let rows = counted(report).map(|(cell, phase, found)| {
        let [scenario, items, variant, count, name, build, times, bytes] = row(cell, phase, found);
        GridRow::plain(vec![
            Field::words(scenario),
            Field::Key(cell.items() as f64, items),
            Field::words(variant),
            Field::Key(cell.threads as f64, count),
            Field::words(name),
            Field::words(build),
            Field::Figure(found.count as f64, times),
            Field::Figure(found.bytes as f64, bytes),
        ])
    });
    let grid = Grid {
        caption: TITLE.to_owned(),
        headings: HEADINGS.map(str::to_owned).to_vec(),
        rows: rows.collect(),
    };
    let table = grid.render()?;
    let section = Element::new("section")
        .with("id", NAME)
        .add(text("h2", TITLE))
        .add(text("p", LINE))
        .add(table);
    Some(section)
}
