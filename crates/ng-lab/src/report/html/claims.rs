//! The table of claims.

use crate::report::Report;
use crate::report::claims::{CLAIM_HEADINGS, claim_fields, counts};
use crate::report::html::grid::{Field, Grid, GridRow};
use crate::report::html::markup::{Element, text as element};

/// What was said of the work, and what became of it; nothing where nothing was said.
pub(super) fn section(report: &Report) -> Option<Element> {
    let rows = report.claims.iter().map(|claim| {
        let fields = claim_fields(claim);
        GridRow::plain(fields.map(Field::Words).into())
    });
    let grid = Grid {
        caption: "Claims".to_owned(),
        headings: CLAIM_HEADINGS.map(str::to_owned).to_vec(),
        rows: rows.collect(),
    };
    let table = grid.render()?;
    let section = Element::new("section")
        .with("id", "claims")
        .add(element("h2", "Claims"))
        .add(element("p", &counts(&report.claims)))
        .add(table);
    Some(section)
}
