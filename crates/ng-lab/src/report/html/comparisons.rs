//! The tables of ratios within the run.

use crate::report::html::grid::{Field, Grid, GridRow};
use crate::report::html::markup::{Element, text as element};
use crate::report::lack;
use crate::report::table::{THREADS, VARIANTS, aa_lines, lines_of, samples};
use crate::report::text;
use crate::report::{Comparison, ComparisonKind, NotCompared, Report};

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

pub(super) fn section(report: &Report) -> Element {
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
    let section = Element::new("section")
        .with("id", "comparisons")
        .add(element("h2", "Comparisons"));
    parts
        .into_iter()
        .fold(section, |section, (title, lines, kind)| {
            section
                .add(element("h3", title))
                .extend(lines.iter().map(|line| element("p", line)))
                .add(table(report, title, kind))
        })
}

pub(super) fn table(report: &Report, title: &str, kind: ComparisonKind) -> Element {
    let of_kind = report.comparisons.iter().filter(|found| found.kind == kind);
    let grid = Grid {
        caption: format!("Comparisons: {title}"),
        headings: HEADINGS.map(str::to_owned).to_vec(),
        rows: of_kind
            .map(row)
            .chain(lack::of_kind(report, kind).map(lack_row))
            .collect(),
    };
    grid.render()
        .unwrap_or_else(|| element("p", "none in this run"))
}

fn row(found: &Comparison) -> GridRow {
    let items = found.items();
    GridRow {
        struck: found.stopped.is_some(),
        fields: vec![
            Field::words(&found.scenario),
            Field::words(&found.phase),
            Field::Key(items as f64, text::items(items)),
            Field::words(found.profile.name()),
            Field::words(&found.variant),
            Field::count(found.threads),
            Field::words(&found.against),
            estimate(found),
            samples_of(found),
            Field::words(found.stopped.as_deref().unwrap_or_default()),
        ],
    }
}

fn lack_row(lack: &NotCompared) -> GridRow {
    let items = lack.items();
    GridRow::plain(vec![
        Field::words(&lack.scenario),
        Field::words(lack.phase.as_deref().unwrap_or("all")),
        Field::Key(items as f64, text::items(items)),
        Field::words(lack.profile.name()),
        Field::words(&lack.variant),
        Field::count(lack.threads),
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
