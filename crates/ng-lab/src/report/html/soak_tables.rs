//! What a soak came to, in figures.

use ng_plot::{Element, Field, Section, TableRow, table, text};

use crate::model::{Interval95, KindReport, Report, SlopeReport};
use crate::report::soak_section::{self, kind_row, slope_row};
use crate::report::table::{Section as Part, Table};

/// Operations and slopes; nothing where there was no soak.
pub(super) fn section(report: &Report) -> Option<Section> {
    let soak = report.soak.as_ref()?;
    let kinds = soak.kinds.iter();
    let kinds = kinds.map(|kind| row(kind_row(soak, kind), &kind_numbers(kind)));
    let slopes = soak.slopes.iter();
    let slopes = slopes.map(|slope| row(slope_row(slope), &slope_numbers(slope)));
    let section = Section::new("soak-figures", "Soak in figures")
        .children(part(
            soak_section::kinds(soak, &report.run.items),
            kinds.collect(),
        ))
        .children(part(
            soak_section::slopes(soak, soak_section::Slopes::All),
            slopes.collect(),
        ));
    Some(section)
}

fn part(section: Part, rows: Vec<TableRow>) -> Vec<Element> {
    let lines = section.lines.iter().map(|line| text("p", line));
    let mut parts: Vec<Element> = lines.collect();
    let headings = section.table.map(|Table { headings, .. }| headings);
    parts.extend(table(&section.title, headings.unwrap_or_default(), rows));
    parts
}

/// The words of a row, each sorted by its number where it has one.
fn row(words: Vec<String>, numbers: &[Option<f64>]) -> TableRow {
    let fields = words.into_iter().zip(numbers);
    let fields = fields.map(|(words, number)| match number {
        Some(number) => Field::Figure(*number, words),
        None => Field::Words(words),
    });
    TableRow::plain(fields.collect())
}

fn kind_numbers(kind: &KindReport) -> Vec<Option<f64>> {
    let operations = Some(kind.operations as f64);
    let mut numbers = vec![None, operations, operations, Some(kind.items as f64)];
    for times in [kind.service_ns, kind.response_ns] {
        let parts = times.map(|times| [times.p50, times.p99, times.p999, times.max]);
        numbers.extend(parts.map_or([None; 4], |parts| parts.map(Some)));
    }
    numbers
}

fn slope_numbers(slope: &SlopeReport) -> [Option<f64>; 7] {
    let low = slope.ci95_per_hour.map(|Interval95([low, _])| low);
    let points = Some(slope.points as f64);
    let (median, per_hour) = (Some(slope.median), Some(slope.per_hour));
    [None, None, median, per_hour, low, None, points]
}
