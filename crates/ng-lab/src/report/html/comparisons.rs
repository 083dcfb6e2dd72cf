//! The tables of ratios within the run.

use ng_plot::{Element, Field, Section, TableRow, text as element};

use crate::model::{Comparison, ComparisonKind, NotCompared, Report};
use crate::report::table::{THREADS, VARIANTS, aa_lines, lines_of, samples};
use crate::report::{lack, text};

const HEADINGS: [&str; 10] = [
    "scenario",
    "phase",
    "items",
    "build",
    "variant",
    "threads",
    "against",
    "times as fast",
    "samples",
    "remark",
];

pub(super) fn section(report: &Report) -> Section {
    let lines = |kind, about| lines_of(report, kind, about);
    let parts = [
        (
            "Threads",
            lines(ComparisonKind::Threads, THREADS),
            ComparisonKind::Threads,
        ),
        (
            "Variants",
            lines(ComparisonKind::Variants, VARIANTS),
            ComparisonKind::Variants,
        ),
        (
            "A/A: the same program twice",
            aa_lines(report),
            ComparisonKind::Aa,
        ),
    ];
    let section = Section::new("comparisons", "Comparisons");
    parts
        .into_iter()
        .fold(section, |section, (title, lines, kind)| {
            section
                .child(element("h3", title))
                .children(lines.iter().map(|line| element("p", line)))
                .child(table(report, title, kind))
        })
}

pub(super) fn table(report: &Report, title: &str, kind: ComparisonKind) -> Element {
    let of_kind = report.comparisons.iter().filter(|found| found.kind == kind);
    let lacks = lack::of_kind(report, kind).map(lack_row);
    let caption = format!("Comparisons: {title}");
    ng_plot::table(&caption, HEADINGS, of_kind.map(row).chain(lacks))
        .unwrap_or_else(|| element("p", "none in this run"))
}

fn row(found: &Comparison) -> TableRow {
    let items = found.key.cell.items();
    TableRow {
        struck: found.stopped.is_some(),
        fields: vec![
            Field::words(&found.key.cell.scenario),
            Field::words(found.key.phase_name()),
            Field::Key(items as f64, text::items(items)),
            Field::words(found.key.cell.profile.name()),
            Field::words(&found.key.cell.variant),
            Field::count(found.key.cell.threads),
            Field::words(&found.against),
            estimate(found),
            samples_of(found),
            Field::words(found.stopped.as_deref().unwrap_or_default()),
        ],
    }
}

fn lack_row(lack: &NotCompared) -> TableRow {
    let items = lack.key.cell.items();
    TableRow::plain(vec![
        Field::words(&lack.key.cell.scenario),
        Field::words(lack.key.phase.as_deref().unwrap_or("all")),
        Field::Key(items as f64, text::items(items)),
        Field::words(lack.key.cell.profile.name()),
        Field::words(&lack.key.cell.variant),
        Field::count(lack.key.cell.threads),
        Field::words(&lack.against),
        Field::words("not compared"),
        Field::words("none"),
        Field::words(&lack.reason),
    ])
}

fn samples_of(found: &Comparison) -> Field {
    let fewest = found.samples.into_iter().min().unwrap_or(0);
    Field::Key(fewest as f64, samples(found))
}

/// A/A shows its ratio even where it stops others: it is the reason.
fn estimate(found: &Comparison) -> Field {
    if found.stopped.is_some() && found.kind != ComparisonKind::Aa {
        return Field::words("not compared");
    }
    Field::Figure(found.estimate, text::ratio(found.estimate, found.ci95))
}
