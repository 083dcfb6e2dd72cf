//! The report as Markdown.

use std::fmt::Write;

use crate::model::Report;
use crate::report::sections::part::{Detail, Part, Section, Words};
use crate::report::sections::{about, claims, glance, sections};

/// The report with pipe tables (GitHub's), its summary first.
#[must_use]
pub fn markdown(report: &Report) -> String {
    let mut text = format!("# Measurement of {}\n", report.run.items);
    for section in glance(report).into_iter().chain(sections(report)) {
        push_section(&mut text, &section);
    }
    text
}

/// The claims alone, preceded by the run that a published figure must state.
#[must_use]
pub fn claims_markdown(report: &Report) -> String {
    let mut text = format!("# Claims about {}\n", report.run.items);
    push_section(&mut text, &about(report));
    claims(report)
        .iter()
        .for_each(|part| push_part(&mut text, part));
    text
}

fn push_section(text: &mut String, section: &Section) {
    let parts = section.parts.iter();
    let shown = parts.filter(|part| part.is_shown(Detail::Full));
    shown.for_each(|part| push_part(text, part));
}

fn push_part(text: &mut String, part: &Part) {
    let _ = write!(text, "\n## {}\n", part.title);
    if !part.lines.is_empty() {
        text.push('\n');
    }
    for line in &part.lines {
        // A worker's message may have several lines, all of one item.
        let _ = writeln!(text, "- {}", line.replace('\n', "\n  "));
    }
    if let Some(words) = part.words(Detail::Full) {
        text.push('\n');
        push_table(text, &words);
    }
}

fn push_table(text: &mut String, table: &Words<'_>) {
    push_row(text, table.headings.iter());
    push_row(text, table.headings.iter().map(|_| "---"));
    for row in &table.rows {
        push_row(text, row);
    }
}

fn push_row(text: &mut String, cells: impl IntoIterator<Item = impl AsRef<str>>) {
    for cell in cells {
        // A row must stay on one line.
        let cell = cell.as_ref().replace('|', "\\|").replace('\n', " ");
        let _ = write!(text, "| {cell} ");
    }
    text.push_str("|\n");
}
