//! Tables as comma-separated values.

use crate::model::Report;
use crate::report::sections::part::{Detail, Table};
use crate::report::sections::samples;

/// One row per sample, round 0 included, by cell and phase; `cell` is the index in the
/// report's `cells`, and the verdict is the cell's.
///
/// Fields are quoted as in RFC 4180; lines end with a line feed alone.
#[must_use]
pub fn samples_csv(report: &Report) -> String {
    csv(&samples(report))
}

fn csv(table: &Table) -> String {
    let words = table.words(Detail::All);
    let mut text = line(words.headings);
    for row in &words.rows {
        text.push_str(&line(row.iter().map(String::as_str)));
    }
    text
}

fn line<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    let fields: Vec<String> = words.into_iter().map(field).collect();
    fields.join(",") + "\n"
}

/// The text, quoted if it would otherwise end the field or the row.
fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
