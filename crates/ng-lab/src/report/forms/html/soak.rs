//! A soak over time.

use ng_plot::marks::{colour, hint};
use ng_plot::{
    Axis, Chart, Element, Figure, Point, Scale, joined, series_key, short, side_by_side,
};

use crate::model::{Report, SoakRow};
use crate::report::text;

const NAME: &str = "soak";
const TITLE: &str = "Soak";
/// Points per line. With more rows the worst of each stretch is drawn.
const POINTS: usize = 200;

/// A figure of a row: its name, its value, and which end is worse.
#[derive(Clone, Copy)]
struct Series {
    name: &'static str,
    of: fn(&SoakRow) -> Option<f64>,
    low_is_worse: bool,
}

impl Series {
    const fn high(name: &'static str, of: fn(&SoakRow) -> Option<f64>) -> Self {
        Self {
            name,
            of,
            low_is_worse: false,
        }
    }
}

/// Series that are drawn together, with the scale and format of their values.
struct Panel {
    title: &'static str,
    scale: fn(Vec<f64>) -> Scale,
    words: fn(f64) -> String,
    series: &'static [Series],
}

const PANELS: [Panel; 6] = [
    Panel {
        title: "Operations per second",
        scale: Scale::from_zero,
        words: text::count,
        series: &[Series {
            name: "throughput",
            of: |row| Some(row.throughput),
            low_is_worse: true,
        }],
    },
    Panel {
        title: "Service time",
        scale: Scale::from_zero,
        words: text::time,
        series: &[
            Series::high("service p50", |row| Some(row.service_ns.p50)),
            Series::high("service p99", |row| Some(row.service_ns.p99)),
            Series::high("service p99.9", |row| Some(row.service_ns.p999)),
        ],
    },
    Panel {
        title: "Response time, waiting included",
        scale: Scale::from_zero,
        words: text::time,
        series: &[
            Series::high("response p50", |row| Some(row.response_ns.p50)),
            Series::high("response p99", |row| Some(row.response_ns.p99)),
            Series::high("response p99.9", |row| Some(row.response_ns.p999)),
        ],
    },
    Panel {
        title: "Resident memory",
        scale: Scale::of_bytes,
        words: bytes,
        series: &[Series::high("resident", |row| {
            row.resident_bytes.map(|bytes| bytes as f64)
        })],
    },
    Panel {
        title: "Page faults",
        scale: Scale::from_zero,
        words: text::count,
        series: &[Series::high("faults", |row| {
            row.faults.map(|faults| faults as f64)
        })],
    },
    Panel {
        title: "Files on the disk",
        scale: Scale::of_bytes,
        words: bytes,
        series: &[Series::high("disk", |row| Some(row.disk_bytes as f64))],
    },
];

fn bytes(count: f64) -> String {
    text::bytes(count as u64)
}

/// The plot, or a sentence if there was no soak.
pub(super) fn figure(report: &Report) -> Figure<'static> {
    let rows = report.soak.as_ref().map_or(&[][..], |soak| &soak.rows);
    if rows.is_empty() {
        return Figure {
            name: NAME,
            title: TITLE,
            shows: "No soak in this report: nothing was run long enough to be shown over time.",
            ..Figure::default()
        };
    }
    Figure {
        name: NAME,
        title: TITLE,
        panels: vec![side_by_side(
            PANELS.iter().map(|panel| chart(panel, rows)).collect(),
        )],
        shows: "Shows a long run over time. Service is the time of an operation itself; response \
                counts from when it was due, so that waiting behind a slow one shows.",
        shows_not: "Does not show single operations: each point stands for a stretch of the run, \
                    and percentiles of stretches do not add up to those of the whole.",
        notes: thinned(rows),
        ..Figure::default()
    }
}

fn thinned(rows: &[SoakRow]) -> Vec<String> {
    let note = format!(
        "{} rows: every {} are drawn as one point, the worst of them.",
        rows.len(),
        stretch(rows)
    );
    let is_thinned = stretch(rows) > 1;
    is_thinned.then_some(note).into_iter().collect()
}

/// Rows per point.
fn stretch(rows: &[SoakRow]) -> usize {
    rows.len().div_ceil(POINTS)
}

fn chart(panel: &Panel, rows: &[SoakRow]) -> Element {
    let x = Scale::from_zero(rows.iter().map(|row| row.seconds));
    let values = panel
        .series
        .iter()
        .flat_map(|series| rows.iter().filter_map(series.of));
    let y = (panel.scale)(values.collect());
    let marks = panel.series.iter().enumerate().map(|(index, series)| {
        let line = joined(points(series, rows, x, y));
        Element::new("g").class(&colour(index)).children(line)
    });
    let names: Vec<&str> = panel.series.iter().map(|series| series.name).collect();
    Chart {
        plot: NAME,
        title: panel.title.to_owned(),
        about: format!("{} over the seconds of the run", panel.title),
        x: Axis::new(x, 4, &|seconds| short(&text::time(seconds * 1e9))),
        y: Axis::new(y, 4, &|value| short(&(panel.words)(value))),
        marks: marks.collect(),
        key: (panel.series.len() > 1)
            .then(|| series_key(&names))
            .flatten(),
    }
    .render()
}

fn points(series: &Series, rows: &[SoakRow], x: Scale, y: Scale) -> Vec<Point> {
    let values: Vec<(usize, f64)> = rows
        .iter()
        .enumerate()
        .filter_map(|(index, row)| Some((index, (series.of)(row)?)))
        .collect();
    let worst = values.chunks(stretch(rows)).filter_map(|chunk| {
        let by_value = |(_, a): &&(usize, f64), (_, b): &&(usize, f64)| a.total_cmp(b);
        if series.low_is_worse {
            chunk.iter().min_by(by_value)
        } else {
            chunk.iter().max_by(by_value)
        }
    });
    worst
        .map(|&(index, value)| {
            let at = rows[index].seconds;
            point(series, index, at, value, (x.place(at), y.place(value)))
        })
        .collect()
}

fn point(series: &Series, row: usize, seconds: f64, value: f64, place: (f64, f64)) -> Point {
    let mut point = Point::new(place.0, place.1);
    let told = format!("{} at {seconds} s: {value}", series.name);
    point.dot = point
        .dot
        .with("data-row", row)
        .with("data-figure", series.name)
        .figure("data-value", value)
        .child(hint(&told));
    point
}
