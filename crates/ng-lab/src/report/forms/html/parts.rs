//! Sections of the page: lines, and sortable tables.

use ng_plot::{Element, Field, Section as PageSection, TableRow, lines, text};

use crate::model::Profile;
use crate::report::sections::part::{Detail, Part, Section, Table};

pub(super) fn section(section: Section) -> PageSection {
    let alone = section.parts.len() == 1;
    let page = PageSection::new(section.id, &section.heading);
    let page = match section.listed {
        Some(words) => page.listed_as(words),
        None => page,
    };
    let parts = section.parts.into_iter();
    let shown = parts.filter(|part| part.is_shown(Detail::All));
    page.children(shown.flat_map(|part| part_of(part, alone)))
}

/// A part, with its own heading unless it is the only one.
fn part_of(part: Part, alone: bool) -> Vec<Element> {
    let heading = (!alone).then(|| text("h3", &part.title));
    let said = match &part.lines[..] {
        [] => None,
        [line] => Some(text("p", line)),
        _ => Some(lines(part.lines)),
    };
    let table = part.table.and_then(|found| table(&part.title, found));
    heading.into_iter().chain(said).chain(table).collect()
}

/// A table with all columns and rows.
pub(super) fn table(caption: &str, table: Table) -> Option<Element> {
    let headings: Vec<String> = table
        .columns
        .iter()
        .map(|column| column.heading.clone())
        .collect();
    let columns = table.columns.into_iter();
    let mut columns: Vec<_> = columns.map(|column| column.fields.into_iter()).collect();
    let rows = table.rows.into_iter().map(|look| TableRow {
        struck: look.struck,
        fields: columns
            .iter_mut()
            .filter_map(Iterator::next)
            .collect::<Vec<Field>>(),
    });
    ng_plot::table(caption, headings, rows.collect::<Vec<_>>())
}

/// The class of a series: its colour, dashed in dev.
pub(super) fn series_class(colour: &str, profile: Profile) -> String {
    let dashed = match profile {
        Profile::Dev => " dashed",
        Profile::Release => "",
    };
    format!("{colour}{dashed}")
}
