//! The table of what phases asked the allocator for.

use ng_plot::{Field, Section, TableRow, table, text};

use crate::model::Report;
use crate::report::allocated::{HEADINGS, LINE, TITLE, counted, row};

/// Nothing where nothing was counted.
pub(super) fn section(report: &Report) -> Option<Section> {
    let rows = counted(report).map(|(cell, phase, found)| {
        let [scenario, items, variant, count, name, build, times, bytes] = row(cell, phase, found);
        TableRow::plain(vec![
            Field::words(scenario),
            Field::Key(cell.items() as f64, items),
            Field::words(variant),
            Field::Key(cell.key.threads as f64, count),
            Field::words(name),
            Field::words(build),
            Field::Figure(found.count as f64, times),
            Field::Figure(found.bytes as f64, bytes),
        ])
    });
    let table = table(TITLE, HEADINGS, rows)?;
    let section = Section::new("allocations", TITLE).listed_as("Allocations");
    Some(section.child(text("p", LINE)).child(table))
}
