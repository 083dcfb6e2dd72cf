//! Ratios within the run by kind, and missing ones.

use ng_plot::Field;

use crate::model::{CellKey, Comparison, ComparisonKind, NotCompared, Report};
use crate::report::sections::lack::{self, not_compared};
use crate::report::sections::part::{Detail, Part, Rows, Section, Table};
use crate::report::text;

/// A ratio, or a missing one.
enum Row<'r> {
    Found(&'r Comparison),
    Lack(&'r NotCompared),
}

impl Row<'_> {
    fn key(&self) -> (&CellKey, &str) {
        let key = match self {
            Self::Found(found) => &found.key,
            Self::Lack(lack) => &lack.key,
        };
        (&key.cell, key.phase.as_deref().unwrap_or("all"))
    }

    fn against(&self) -> String {
        match self {
            Self::Found(found) => found.against.clone(),
            Self::Lack(lack) => lack.against.clone(),
        }
    }

    /// A/A shows its ratio even if it stops others, since it is the reason.
    fn estimate(&self) -> Field {
        let found = match self {
            Self::Found(found) => found,
            Self::Lack(lack) => return Field::words(not_compared(&lack.reason)),
        };
        let ratio = text::ratio(found.estimate, found.ci95);
        match &found.stopped {
            None => Field::Figure(found.estimate, ratio),
            Some(reason) if found.kind == ComparisonKind::Aa => {
                Field::Figure(found.estimate, format!("{ratio}: {reason}"))
            }
            Some(reason) => Field::words(not_compared(reason)),
        }
    }

    fn samples(&self) -> Field {
        let Self::Found(found) = self else {
            return Field::words("none");
        };
        let fewest = found.samples.into_iter().min().unwrap_or(0);
        Field::Key(fewest as f64, samples(found))
    }

    fn is_stopped(&self) -> bool {
        matches!(self, Self::Found(found) if found.stopped.is_some())
    }

    fn is_aa(&self) -> bool {
        matches!(self, Self::Found(found) if found.kind == ComparisonKind::Aa)
    }
}

pub(super) fn section(report: &Report) -> Section {
    let part = |title, kind, lines| Part::new(title, lines, table(report, kind));
    let (threads, variants) = (ComparisonKind::Threads, ComparisonKind::Variants);
    let parts = vec![
        part("Threads", threads, lines_of(report, threads, THREADS)),
        part("Variants", variants, lines_of(report, variants, VARIANTS)),
        part(
            "A/A: the same program twice",
            ComparisonKind::Aa,
            aa_lines(report),
        ),
    ];
    Section::new("comparisons", "Comparisons", parts)
}

/// The ratios of a kind, followed by missing ones. A terminal shows only failed A/A pairs.
pub(super) fn table(report: &Report, kind: ComparisonKind) -> Option<Table> {
    let found = report.comparisons.iter().filter(|found| found.kind == kind);
    let lacks = lack::of_kind(report, kind).map(Row::Lack);
    Rows::new(found.map(Row::Found).chain(lacks))
        .struck(Row::is_stopped)
        .shown_from(|row| match row.is_aa() && !row.is_stopped() {
            true => Detail::Full,
            false => Detail::Short,
        })
        .keyed(Row::key)
        .words("against", Row::against)
        .column("times as fast", Row::estimate)
        .column("samples", Row::samples)
        .table()
}

const THREADS: &str = "S(p) = T(1) / T(p), the same code, paired by round";

const VARIANTS: &str =
    "each against the first variant of its scenario and thread count, paired by round";

/// What the ratios of a kind are, or why there are none.
fn lines_of(report: &Report, kind: ComparisonKind, about: &str) -> Vec<String> {
    let is_there = report.comparisons.iter().any(|found| found.kind == kind);
    if is_there || lack::of_kind(report, kind).next().is_some() {
        return vec![about.to_owned()];
    }
    vec![lack::not_compared(&lack::why_none(report, kind))]
}

/// Pairs, or the samples of both sides.
fn samples(comparison: &Comparison) -> String {
    match (comparison.kind, comparison.samples) {
        (ComparisonKind::Baseline, [then, now]) => format!("{now} against {then}"),
        _ => format!("{} pairs", comparison.pairs),
    }
}

fn aa_lines(report: &Report) -> Vec<String> {
    let aa = || {
        let all = report.comparisons.iter();
        all.filter(|comparison| comparison.kind == ComparisonKind::Aa)
    };
    let stopped = |failed: bool| {
        let stopped = aa().filter_map(|aa| aa.stopped.as_ref());
        stopped
            .filter(|reason| reason.starts_with("aa_failed") == failed)
            .count()
    };
    let compared = aa().filter(|aa| aa.stopped.is_none()).count();
    let mut lines = vec![format!(
        "{compared} phases can be compared; {} differ between copies (interval excludes 1, and \
         more than 5 % apart), {} belong to unusable cells",
        stopped(true),
        stopped(false)
    )];
    if aa().next().is_none() {
        let reason = lack::why_none(report, ComparisonKind::Aa);
        lines.push(lack::not_compared(&reason));
    }
    if aa().any(|aa| aa.ci95.is_none()) {
        lines.push("without intervals A/A cannot fail: it only shows the noise".to_owned());
    }
    lines
}
