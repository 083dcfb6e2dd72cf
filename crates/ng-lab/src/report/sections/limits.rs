//! The table of the machine's limits.

use ng_plot::Field;

use crate::model::{Interval95, LimitReport, Report};
use crate::report::sections::part::{Detail, Part, Rows, Section, interval};
use crate::report::text;

/// None if no limit was probed.
pub(super) fn section(report: &Report) -> Option<Section> {
    let line = "probed in every round at the size and memory limit of the cells; a limit is the \
                fastest known way to do that little: a reference, not a law";
    let table = Rows::new(&report.limits)
        .words("limit", |limit| limit.key.limit.name().to_owned())
        .column("size", |limit| {
            Field::Key(limit.key.bytes as f64, size(limit))
        })
        .column("threads", |limit| Field::count(limit.key.threads))
        .column("median", |limit| {
            Field::maybe(limit.median_ns_per_unit, |ns| per_unit(limit, ns))
        })
        .column("95 % interval", |limit| {
            let words = limit.ci95_ns_per_unit.map(|ci95| interval_of(limit, ci95));
            let low = limit.ci95_ns_per_unit.map(|ci95| ci95.0[0]);
            interval(low, words.unwrap_or_else(|| "none".to_owned()))
        })
        .column("rate", |limit| {
            let rate = limit.median_ns_per_unit.map(|ns| 1.0 / ns);
            Field::maybe(rate, |rate| rate_of(limit, rate))
        })
        .column("cold", |limit| {
            Field::maybe(limit.cold_ns_per_unit, |ns| per_unit(limit, ns))
        })
        .column("samples", |limit| {
            Field::count(limit.samples_ns_per_unit.len())
        })
        .from(Detail::All)
        .table()?;
    let part = Part::new("Limits", vec![line.to_owned()], Some(table));
    Some(Section::new(
        "machine-limits",
        "Limits of the machine",
        vec![part],
    ))
}

fn is_of_bytes(limit: &LimitReport) -> bool {
    limit.unit == "byte"
}

fn per_unit(limit: &LimitReport, ns: f64) -> String {
    match is_of_bytes(limit) {
        true => format!("{ns:.3} ns/byte"),
        false => format!("{}/{}", text::time(ns), limit.unit),
    }
}

fn interval_of(limit: &LimitReport, ci95: Interval95) -> String {
    match is_of_bytes(limit) {
        true => format!("[{:.3}, {:.3}] ns", ci95.0[0], ci95.0[1]),
        false => text::time_interval(ci95),
    }
}

fn rate_of(limit: &LimitReport, per_ns: f64) -> String {
    match is_of_bytes(limit) {
        true => format!("{per_ns:.1} GB/s"),
        false => format!("{}/s", text::count(1e9 * per_ns)),
    }
}

fn size(limit: &LimitReport) -> String {
    let bytes = text::bytes(limit.key.bytes);
    match limit.key.memory_limit_bytes {
        Some(memory) => format!("{bytes} in {}", text::bytes(memory)),
        None => bytes,
    }
}
