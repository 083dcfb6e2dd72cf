//! The table of the machine's limits.

use crate::report::html::grid::{Field, Grid, GridRow};
use crate::report::html::markup::{Element, text as element};
use crate::report::table::limit_row;
use crate::report::{LimitReport, Report};

const HEADINGS: [&str; 8] = [
    "limit",
    "size",
    "threads",
    "median",
    "95 % interval",
    "rate",
    "cold",
    "samples",
];

pub(super) fn section(report: &Report) -> Element {
    let grid = Grid {
        caption: "Limits of the machine".to_owned(),
        headings: HEADINGS.map(str::to_owned).to_vec(),
        rows: report.limits.iter().map(row).collect(),
    };
    let line = "What this machine allows, probed in every round at the size of the cells. A \
                limit is the fastest way we know to do that little: a reference, not a law.";
    Element::new("section")
        .with("id", "machine-limits")
        .add(element("h2", "Limits of the machine"))
        .add(element("p", line))
        .add(
            grid.render()
                .unwrap_or_else(|| element("p", "no limit was probed")),
        )
}

/// The words of the other forms, with their numbers.
fn row(limit: &LimitReport) -> GridRow {
    let [name, size, _, median, interval, rate, cold] = limit_row(limit);
    let median_ns = limit.median_ns_per_unit;
    let low = limit.ci95_ns_per_unit.map(|ci95| ci95.0[0]);
    GridRow::plain(vec![
        Field::words(name),
        Field::Key(limit.bytes as f64, size),
        Field::count(limit.threads),
        Field::maybe(median_ns, |_| median.clone()),
        low.map_or_else(
            || Field::words(&interval),
            |low| Field::Figure(low, interval.clone()),
        ),
        Field::maybe(median_ns.map(|ns| 1.0 / ns), |_| rate.clone()),
        Field::maybe(limit.cold_ns_per_unit, |_| cold.clone()),
        Field::count(limit.samples_ns_per_unit.len()),
    ])
}
