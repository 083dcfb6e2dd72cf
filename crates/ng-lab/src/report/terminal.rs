//! The report for a terminal.

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table as TextTable};

use crate::model::Report;
use crate::report::claims::short_claims;
use crate::report::table::{Detail, Section, Table, about, sections};
use crate::report::{glance, versus};

/// The report as plain text with aligned columns, its summary last.
#[must_use]
pub fn terminal(report: &Report) -> String {
    let mut sections = sections(report, Detail::Short);
    sections.extend(glance::section(report));
    joined(&sections)
}

/// What was run, what came of a comparison that was asked for, and the summary; all
/// of the report where it has no summary, as that of a soak.
#[must_use]
pub fn terminal_glance(report: &Report) -> String {
    let Some(glance) = glance::section(report) else {
        return terminal(report);
    };
    let mut sections = vec![about(report)];
    sections.extend(versus::sections(report, Detail::Short));
    sections.push(glance);
    joined(&sections)
}

/// What the report is held against, and the gate's outcomes, all of them.
#[must_use]
pub fn terminal_versus(report: &Report) -> String {
    joined(&versus::sections(report, Detail::Full))
}

fn joined(sections: &[Section]) -> String {
    let sections: Vec<String> = sections.iter().map(render).collect();
    sections.join("\n")
}

/// The claims alone, as plain text with aligned columns.
#[must_use]
pub fn claims_terminal(report: &Report) -> String {
    [about(report), short_claims(report)]
        .each_ref()
        .map(render)
        .join("\n")
}

fn render(section: &Section) -> String {
    let mut text = format!("== {} ==\n", section.title);
    for line in &section.lines {
        text.push_str(line);
        text.push('\n');
    }
    if let Some(table) = &section.table {
        text.push_str(&render_table(table));
        text.push('\n');
    }
    text
}

fn render_table(table: &Table) -> String {
    let mut text = TextTable::new();
    // Lines are not wrapped to the terminal: a cut figure is worse than a long line.
    text.load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(&table.headings);
    for row in &table.rows {
        text.add_row(row);
    }
    text.trim_fmt()
}
