//! The table of the machine's limits.

use ng_plot::{Field, Section, TableRow, table, text};

use crate::model::{LimitReport, Report};
use crate::report::table::limit_row;

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

pub(super) fn section(report: &Report) -> Section {
    let line = "What this machine allows, probed in every round at the size of the cells. A \
                limit is the fastest way we know to do that little: a reference, not a law.";
    let table = table(
        "Limits of the machine",
        HEADINGS,
        report.limits.iter().map(row),
    );
    Section::new("machine-limits", "Limits of the machine")
        .child(text("p", line))
        .child(table.unwrap_or_else(|| text("p", "no limit was probed")))
}

/// The words of the other forms, with their numbers.
fn row(limit: &LimitReport) -> TableRow {
    let [name, size, _, median, interval, rate, cold] = limit_row(limit);
    let median_ns = limit.median_ns_per_unit;
    let low = limit.ci95_ns_per_unit.map(|ci95| ci95.0[0]);
    TableRow::plain(vec![
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
