//! What a reader must know before using any figure.

use ng_plot::{Element, Section, text as element};

use crate::model::{CellReport, Report, Verdict};
use crate::report::sections::{
    copy_of, failed_aa, flag_counts, flag_line, troubles, unique, verdict_counts, warnings,
};

/// The verdicts, warnings and flags of the run.
pub(super) fn section(report: &Report) -> Section {
    let flags = flag_lines(report);
    let mut lines = run_lines(report);
    lines.extend(cell_lines(report));
    lines.extend(report.soak.iter().flat_map(troubles));
    let nothing = lines.is_empty() && flags.is_empty();
    let section = Section::new("warnings", "Read this first")
        .unlisted()
        .class(if nothing { "good" } else { "warn" })
        .children((!report.cells.is_empty()).then(|| verdicts(report)));
    if nothing {
        return section.child(element("p", "No problems were found in this run."));
    }
    section.child(ng_plot::lines(lines).children(flags))
}

/// The number of cells by verdict.
fn verdicts(report: &Report) -> Element {
    let counts = verdict_counts(report).map(|(verdict, count)| {
        Element::new("li")
            .class(if count == 0 { "none" } else { verdict.name() })
            .child(element("b", &count.to_string()))
            .text(" ")
            .text(verdict.name())
    });
    Element::new("ul").class("verdicts").children(counts)
}

fn run_lines(report: &Report) -> Vec<String> {
    let mut lines = warnings(report);
    let reference = report.reference.as_ref();
    let apart = reference.and_then(|reference| reference.not_comparable.as_ref());
    lines.extend(apart.map(|reason| format!("NOT COMPARABLE: {reason}")));
    match failed_aa(report) {
        0 => {}
        count => lines.push(format!(
            "{count} phases differ between A/A copies and are not compared; measure when the \
             machine is quieter"
        )),
    }
    lines
}

/// Why cells are missing. All copies of a cell are skipped for the same reason; each
/// fails for its own.
fn cell_lines(report: &Report) -> Vec<String> {
    let lines = report.cells.iter().filter_map(|cell| {
        let (reason, verdict) = (cell.reason.as_ref()?, cell.verdict.name());
        let copy = match cell.verdict {
            Verdict::Skipped => String::new(),
            _ => format!(" ({})", copy_of(cell)),
        };
        Some(format!("{verdict}: {}{copy}: {reason}", name_of(cell)))
    });
    unique(lines)
}

fn name_of(cell: &CellReport) -> String {
    format!(
        "{}/{} x{}",
        cell.key.scenario, cell.key.variant, cell.key.threads
    )
}

/// One line per flag: how many cells have it, and what to do.
fn flag_lines(report: &Report) -> Vec<Element> {
    let lines = flag_counts(report).into_iter().map(|(flag, count)| {
        let name = flag.to_string();
        let line = flag_line(flag, count);
        let rest = line.strip_prefix(&name).unwrap_or_default();
        Element::new("li").child(element("code", &name)).text(rest)
    });
    lines.collect()
}
