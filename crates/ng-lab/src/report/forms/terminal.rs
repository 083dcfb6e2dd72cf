//! The report for a terminal.

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table as TextTable};

use crate::model::Report;
use crate::report::sections::part::{Detail, Part, Section, Words};
use crate::report::sections::{about, claims, glance, instructions, sections, versus};

/// The report as plain text with aligned columns, its summary last.
#[must_use]
pub fn terminal(report: &Report) -> String {
    let sections = sections(report).into_iter();
    joined(sections.chain(glance(report)), Detail::Short)
}

/// The run, the comparison with the other side if there is one, and the summary; the
/// whole report if it has no summary, as for a soak.
#[must_use]
pub fn terminal_glance(report: &Report) -> String {
    let Some(glance) = glance(report) else {
        return terminal(report);
    };
    let sections = [about(report)].into_iter().chain(versus(report));
    let sections = sections.chain(instructions(report));
    joined(sections.chain([glance]), Detail::Short)
}

/// The comparison with the other side, and all outcomes of the gate.
#[must_use]
pub fn terminal_versus(report: &Report) -> String {
    joined(versus(report), Detail::Full)
}

/// The claims alone, as plain text with aligned columns.
#[must_use]
pub fn claims_terminal(report: &Report) -> String {
    let parts = about(report).parts.into_iter().chain(claims(report));
    let parts: Vec<String> = parts.map(|part| render(&part, Detail::Short)).collect();
    parts.join("\n")
}

fn joined(sections: impl IntoIterator<Item = Section>, detail: Detail) -> String {
    let parts = sections.into_iter().flat_map(|section| section.parts);
    let shown = parts.filter(|part| part.is_shown(detail));
    let parts: Vec<String> = shown.map(|part| render(&part, detail)).collect();
    parts.join("\n")
}

fn render(part: &Part, detail: Detail) -> String {
    let mut text = format!("== {} ==\n", part.title);
    for line in &part.lines {
        text.push_str(line);
        text.push('\n');
    }
    if let Some(words) = part.words(detail) {
        text.push_str(&render_table(&words));
        text.push('\n');
    }
    text
}

fn render_table(table: &Words<'_>) -> String {
    let mut text = TextTable::new();
    // Lines are not wrapped to the terminal: a broken figure is worse than a long line.
    text.load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(&table.headings);
    for row in &table.rows {
        text.add_row(row);
    }
    text.trim_fmt()
}
