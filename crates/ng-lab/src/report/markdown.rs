//! The report as Markdown.

use std::fmt::Write;

use crate::model::Report;
use crate::report::claims::claims;
use crate::report::glance;
use crate::report::table::{Detail, Section, Table, about, sections};

/// The report with pipe tables, as GitHub shows them, its summary first.
#[must_use]
pub fn markdown(report: &Report) -> String {
    let mut text = format!("# Measurement of {}\n", report.run.items);
    push_sections(&mut text, glance::section(report).as_slice());
    push_sections(&mut text, &sections(report, Detail::Full));
    text
}

/// The claims alone, under what a published figure carries.
#[must_use]
pub fn claims_markdown(report: &Report) -> String {
    let mut text = format!("# Claims about {}\n", report.run.items);
    push_sections(&mut text, &[about(report)]);
    push_sections(&mut text, claims(report, Detail::Full).as_slice());
    text
}

fn push_sections(text: &mut String, sections: &[Section]) {
    for section in sections {
        let _ = write!(text, "\n## {}\n", section.title);
        if !section.lines.is_empty() {
            text.push('\n');
        }
        for line in &section.lines {
            // What a worker said may have several lines, and all are of one item.
            let _ = writeln!(text, "- {}", line.replace('\n', "\n  "));
        }
        if let Some(table) = &section.table {
            text.push('\n');
            push_table(text, table);
        }
    }
}

fn push_table(text: &mut String, table: &Table) {
    push_row(text, &table.headings);
    push_row(text, &vec!["---".to_owned(); table.headings.len()]);
    for row in &table.rows {
        push_row(text, row);
    }
}

fn push_row(text: &mut String, cells: &[String]) {
    for cell in cells {
        // A row is a line, whatever a worker said.
        let cell = cell.replace('|', "\\|").replace('\n', " ");
        let _ = write!(text, "| {cell} ");
    }
    text.push_str("|\n");
}
