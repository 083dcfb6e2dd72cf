//! The samples as comma-separated values, for programs that do their own sums.

use std::fmt::Write;

use crate::model::{CellReport, PhaseReport, Report, Sample};

const HEADINGS: &str = "cell,scenario,variant,threads,items,profile,role,round,position,phase,\
                        elapsed_ns,verdict\n";

/// One row a sample, the cold ones of round 0 too, by cell and phase; `cell` is
/// the index in the report's `cells`, and the verdict is the cell's.
///
/// Fields are quoted as in RFC 4180; lines end with a line feed alone.
#[must_use]
pub fn samples_csv(report: &Report) -> String {
    let mut text = HEADINGS.to_owned();
    for (index, cell) in report.cells.iter().enumerate() {
        for phase in &cell.phases {
            for sample in cell.samples(phase) {
                push_row(&mut text, index, cell, phase, &sample);
            }
        }
    }
    text
}

fn push_row(
    text: &mut String,
    index: usize,
    cell: &CellReport,
    phase: &PhaseReport,
    sample: &Sample,
) {
    let position = sample.position.map_or_else(String::new, |p| p.to_string());
    let _ = writeln!(
        text,
        "{index},{},{},{},{},{},{},{},{position},{},{},{}",
        field(&cell.key.scenario),
        field(&cell.key.variant),
        cell.key.threads,
        cell.items(),
        cell.key.profile.name(),
        cell.role.name(),
        sample.round,
        field(&phase.name),
        sample.elapsed_ns,
        cell.verdict.name(),
    );
}

/// The text, in quotes where it would end the field or the row.
fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
