//! The numbers of columns, as a table and as histograms.

use ng_plot::{
    Axis, Chart, Element, Field, Figure, Scale, Section, TableRow, large_side_by_side, marks,
    side_by_side, table,
};
use ng_query::ng_arrow::Column;
use ng_query::{Histogram, Value};

use super::super::description::{Description, Summary};
use super::super::number::{in_units, whole};
use super::super::table::is_whole;
use super::words::{self, scale, tick};
use super::{Details, filled};

const HEADINGS: [&str; 9] = [
    "column",
    "min",
    "5 %",
    "median",
    "mean",
    "95 %",
    "max",
    "std. dev.",
    "NaN",
];

pub(super) fn sections(described: &Description<'_>, details: &Details) -> Vec<Section> {
    let columns = described.columns.iter();
    let others = columns.filter(|summary| summary.column != Column::Timestamp);
    let is_place = |it: &&Summary| matches!(it.column, Column::Coordinate(..));
    let (places, others): (Vec<_>, Vec<_>) = others.partition(is_place);
    let charts = |of: Vec<&Summary>| -> Vec<Element> {
        let charts = of.into_iter();
        charts
            .filter_map(|it| chart("values", it.column.name(), it, details))
            .collect()
    };
    let panels = [
        filled_panel(charts(others), side_by_side),
        // The three axes of a space beside each other.
        filled_panel(charts(places), large_side_by_side),
    ];
    let panels: Vec<Element> = panels.into_iter().flatten().collect();
    let figure = (!panels.is_empty()).then(|| figure(panels).render());
    let table = table("Columns", HEADINGS, described.columns.iter().map(row));
    let table = filled("columns", "Columns", table.into_iter().collect());
    figure.into_iter().chain(table).collect()
}

fn filled_panel(charts: Vec<Element>, beside: fn(Vec<Element>) -> Element) -> Option<Element> {
    (!charts.is_empty()).then(|| beside(charts))
}

fn figure(panels: Vec<Element>) -> Figure<'static> {
    Figure {
        name: "values",
        title: "Values",
        panels,
        shows: "Shows how many tokens have which values, in units, from the least value to the \
                greatest. The dashed line in each plot is the median. All bins of a plot have as many \
                stored steps, but for the last one, which may have fewer.",
        shows_not: "Does not show NaN and infinite weights, nor how values go together. Each plot \
                    has axes of its own.",
        ..Figure::default()
    }
}

/// The histogram of a column; none if it has no value.
pub(super) fn chart(
    plot: &'static str,
    title: &str,
    summary: &Summary,
    details: &Details,
) -> Option<Element> {
    let histogram = details.histogram(summary.column)?;
    let Histogram {
        column,
        low,
        high,
        ref counts,
        ..
    } = *histogram;
    let y = Scale::from_zero(counts.iter().map(|count| *count as f64));
    let ticks = |value| tick(column, high - low, value);
    let x = Axis::new(scale(column, low, high), 4, &ticks);
    let median = summary.median.number().map(|median| {
        let place = scale(column, low, high).place(median);
        marks::line((place, 0.0), (place, 1.0)).class("median")
    });
    let bars = marks::bars(counts, y, |bin| hint(histogram, bin));
    let chart = Chart {
        plot,
        title: title.to_owned(),
        about: format!("How many tokens have which {title}"),
        x,
        y: Axis::new(y, 4, &words::count),
        marks: [Element::new("g").class("c0").child(bars)]
            .into_iter()
            .chain(median)
            .collect(),
        key: None,
    };
    Some(chart.render())
}

/// Which values a bin has, and how many tokens.
fn hint(histogram: &Histogram, bin: usize) -> String {
    let width = (histogram.high - histogram.low) / histogram.counts.len() as f64;
    let [low, high] = [bin, bin + 1].map(|end| histogram.low + end as f64 * width);
    let values = words::ends(histogram.column, low, high);
    format!("{values}: {}", histogram.counts[bin])
}

fn row(summary: &Summary) -> TableRow {
    let column = summary.column;
    let value = |value: Value| {
        let words = match is_whole(column) {
            true => whole(column, value),
            false => in_units(column, value),
        };
        match value.number() {
            Some(number) => Field::Figure(number, words),
            None => Field::words(words),
        }
    };
    let deviation = summary.stddev.number();
    let deviation = Field::maybe(deviation, |number| match column {
        Column::Timestamp => format!("{number:.1} s"),
        column if is_whole(column) => format!("{number:.1}"),
        _ => format!("{number:.4}"),
    });
    TableRow::plain(vec![
        Field::words(column.name()),
        value(summary.min),
        value(summary.p5),
        value(summary.median),
        value(summary.mean),
        value(summary.p95),
        value(summary.max),
        deviation,
        Field::Key(summary.nan as f64, summary.nan.to_string()),
    ])
}
