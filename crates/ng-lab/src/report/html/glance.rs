//! The summary, as the page begins with it.

use ng_plot::{Element, Field, Section, TableRow, lines};

use crate::model::Report;
use crate::report::glance;
use crate::report::table::Table;

/// Nothing where the report has no summary, as that of a soak.
pub(super) fn section(report: &Report) -> Option<Section> {
    let found = glance::section(report)?;
    let section = Section::new("glance", &found.title)
        .listed_as(glance::TITLE)
        .children(found.table.and_then(grid))
        .child(lines(found.lines));
    Some(section)
}

fn grid(table: Table) -> Option<Element> {
    let rows = table.rows.into_iter();
    let rows = rows.map(|row| TableRow::plain(row.into_iter().map(field).collect()));
    ng_plot::table(glance::TITLE, table.headings, rows)
}

/// The marks of a figure that must not be used are those of Markdown.
fn field(words: String) -> Field {
    let inner = words
        .strip_prefix("~~")
        .and_then(|rest| rest.strip_suffix("~~"));
    match inner {
        Some(inner) => Field::Struck(inner.to_owned()),
        None => Field::Words(words),
    }
}
