//! The table of claims.

use ng_plot::{Field, Section, TableRow, table, text};

use crate::model::Report;
use crate::report::claims::{CLAIM_HEADINGS, claim_fields, counts};

/// What was said of the work, and what became of it; nothing where nothing was said.
pub(super) fn section(report: &Report) -> Option<Section> {
    let rows = report.claims.iter().map(|claim| {
        let fields = claim_fields(claim);
        TableRow::plain(fields.map(Field::Words).into())
    });
    let table = table("Claims", CLAIM_HEADINGS, rows)?;
    let section = Section::new("claims", "Claims").child(text("p", &counts(&report.claims)));
    Some(section.child(table))
}
