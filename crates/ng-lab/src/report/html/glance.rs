//! The summary, as the page begins with it.

use crate::report::Report;
use crate::report::glance;
use crate::report::html::grid::{Field, Grid, GridRow};
use crate::report::html::markup::{Element, text as element};
use crate::report::table::Table;

pub(super) const NAME: &str = "glance";
pub(super) const TITLE: &str = glance::TITLE;

/// Nothing where the report has no summary, as that of a soak.
pub(super) fn section(report: &Report) -> Option<Element> {
    let found = glance::section(report)?;
    let lines = found.lines.iter().map(|line| element("li", line));
    let section = Element::new("section")
        .with("id", NAME)
        .add(element("h2", &found.title))
        .extend(found.table.and_then(grid))
        .add(Element::new("ul").class("lines").extend(lines));
    Some(section)
}

fn grid(table: Table) -> Option<Element> {
    let rows = table.rows.into_iter();
    let grid = Grid {
        caption: TITLE.to_owned(),
        headings: table.headings,
        rows: rows
            .map(|row| GridRow::plain(row.into_iter().map(field).collect()))
            .collect(),
    };
    grid.render()
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
