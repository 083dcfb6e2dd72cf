//! The figures of the plots, in the page and in `report.json`.

use std::collections::BTreeMap;

use ng_lab::model::Report;
use roxmltree::{Document, Node};
use serde_json::Value;

/// The `data-*` attributes of a mark, including those of its ancestors.
pub(crate) type Mark = BTreeMap<String, String>;

/// The plots of a report without a soak.
pub(crate) const PLOTS: [&str; 7] = [
    "ratios", "limits", "phases", "size", "threads", "memory", "samples",
];

/// All marks of the page, each with its plot's name as `plot`.
pub(crate) fn of_page(document: &Document<'_>) -> Vec<Mark> {
    let marks = document.descendants();
    let marks = marks.filter(|node| node.has_attribute("data-value"));
    marks.map(mark).collect()
}

fn mark(node: Node<'_, '_>) -> Mark {
    let mut mark = Mark::new();
    for around in node.ancestors() {
        for attribute in around.attributes() {
            if let Some(name) = attribute.name().strip_prefix("data-") {
                mark.entry(name.to_owned())
                    .or_insert_with(|| attribute.value().to_owned());
            }
        }
    }
    mark
}

/// What the plots must show, from the written report.
pub(crate) fn expected(report: &Report) -> Vec<Mark> {
    let report = serde_json::to_value(report).expect("a report is JSON");
    let mut marks = comparisons(&report, "ratios", "dev_vs_release");
    marks.extend(comparisons(&report, "threads", "threads"));
    let cells = report["cells"].as_array().expect("cells");
    for (index, cell) in cells.iter().enumerate() {
        let is_main = cell["role"] == "main";
        marks.extend(
            is_main
                .then(|| memory(&report, index, cell))
                .into_iter()
                .flatten(),
        );
        let phases = cell["phases"].as_array().expect("phases");
        for (phase_index, phase) in phases.iter().enumerate() {
            let place = [
                ("cell", index.to_string()),
                ("phase", phase_index.to_string()),
            ];
            marks.extend(samples(cell, phase, &place));
            if is_main {
                marks.extend(medians(cell, phase, &place));
            }
        }
    }
    marks.extend(soak(&report));
    marks
}

fn new(plot: &str, entries: &[(&str, String)]) -> Mark {
    let entries = entries
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()));
    entries
        .chain([("plot".to_owned(), plot.to_owned())])
        .collect()
}

fn with(place: &[(&'static str, String)], more: &[(&'static str, String)], plot: &str) -> Mark {
    new(plot, &[place, more].concat())
}

fn comparisons(report: &Value, plot: &str, kind: &str) -> Vec<Mark> {
    let all = report["comparisons"].as_array().expect("comparisons");
    let of_kind = all
        .iter()
        .enumerate()
        .filter(|(_, found)| found["kind"] == kind);
    let used = of_kind.filter(|(_, found)| found["stopped"].is_null());
    used.map(|(index, found)| {
        let mut mark = new(
            plot,
            &[
                ("comparison", index.to_string()),
                ("value", found["estimate"].to_string()),
            ],
        );
        if let Some([low, high]) = found["ci95"].as_array().map(Vec::as_slice) {
            mark.insert("low".to_owned(), low.to_string());
            mark.insert("high".to_owned(), high.to_string());
        }
        mark
    })
    .collect()
}

fn memory(report: &Value, index: usize, cell: &Value) -> Vec<Mark> {
    let memory = &cell["memory"];
    if memory.is_null() {
        return Vec::new();
    }
    let items = cell[report["run"]["items"].as_str().expect("items")].as_u64();
    let item_bytes = report["run"]["item_bytes"].as_u64();
    let computed = items.zip(item_bytes).map(|(items, bytes)| items * bytes);
    let figures = [
        ("resident", memory["resident_bytes"].as_u64()),
        ("huge", memory["huge_bytes"].as_u64()),
        ("file", memory["file_bytes"].as_u64()),
        ("confined", cell["memory_limit_bytes"].as_u64()),
        ("computed", computed),
        ("reserved", cell["proof"]["reserved_bytes"].as_u64()),
    ];
    let known = figures
        .into_iter()
        .filter_map(|(name, bytes)| Some((name, bytes?)));
    known
        .map(|(name, bytes)| {
            new(
                "memory",
                &[
                    ("cell", index.to_string()),
                    ("figure", name.to_owned()),
                    ("value", bytes.to_string()),
                ],
            )
        })
        .collect()
}

fn samples(cell: &Value, phase: &Value, place: &[(&'static str, String)]) -> Vec<Mark> {
    let rounds = cell["runs"].as_array().expect("runs").iter();
    let rounds = rounds.filter(|run| run["failed"] == false && run["round"] != 0);
    let warm = rounds.zip(phase["samples_ns"].as_array().expect("samples"));
    let warm = warm.map(|(run, ns)| (run["round"].to_string(), ns.to_string()));
    let cold = phase["cold_ns"]
        .as_u64()
        .map(|ns| ("0".to_owned(), ns.to_string()));
    let all = cold.into_iter().chain(warm);
    all.map(|(round, ns)| with(place, &[("round", round), ("value", ns)], "samples"))
        .collect()
}

fn medians(cell: &Value, phase: &Value, place: &[(&'static str, String)]) -> Vec<Mark> {
    let mut marks = Vec::new();
    let median = &phase["median_ns"];
    if !median.is_null() {
        let value = ("value", median.to_string());
        marks.push(with(place, std::slice::from_ref(&value), "phases"));
        let items = ("items", cell["records"].to_string());
        let figure = ("figure", "median".to_owned());
        marks.push(with(place, &[figure, items, value], "size"));
    }
    let growth = &phase["growth"];
    if !growth.is_null() {
        let items = ("items", growth["items"].to_string());
        let figure = ("figure", "growth".to_owned());
        let value = ("value", growth["best_ns"].to_string());
        marks.push(with(place, &[figure, items, value], "size"));
    }
    let share = &phase["share_of_limit"];
    if !share.is_null() {
        marks.push(with(place, &[("value", share.to_string())], "limits"));
    }
    marks
}

fn soak(report: &Value) -> Vec<Mark> {
    const FIGURES: [(&str, &str); 10] = [
        ("throughput", "/throughput"),
        ("service p50", "/service_ns/p50"),
        ("service p99", "/service_ns/p99"),
        ("service p99.9", "/service_ns/p999"),
        ("response p50", "/response_ns/p50"),
        ("response p99", "/response_ns/p99"),
        ("response p99.9", "/response_ns/p999"),
        ("resident", "/resident_bytes"),
        ("faults", "/faults"),
        ("disk", "/disk_bytes"),
    ];
    let rows = report["soak"]["rows"].as_array().into_iter().flatten();
    let marks = rows.enumerate().flat_map(|(index, row)| {
        FIGURES.map(|(name, pointer)| {
            let value = row.pointer(pointer).expect("a figure of a row");
            new(
                "soak",
                &[
                    ("row", index.to_string()),
                    ("figure", name.to_owned()),
                    ("value", value.to_string()),
                ],
            )
        })
    });
    marks.collect()
}

/// Asserts that the marks of a page are exactly those of its report.
#[track_caller]
pub(crate) fn assert_equal(found: Vec<Mark>, expected: Vec<Mark>) {
    let (found, expected) = (canonical(found), canonical(expected));
    let only = |these: &[String], those: &[String]| -> Vec<String> {
        let missing = these
            .iter()
            .filter(|mark| those.binary_search(mark).is_err());
        missing.cloned().collect()
    };
    let (missing, surplus) = (only(&expected, &found), only(&found, &expected));
    assert!(
        missing.is_empty() && surplus.is_empty(),
        "not in the page: {missing:#?}\nnot in the report: {surplus:#?}"
    );
    assert_eq!(found.len(), expected.len(), "duplicate marks");
}

/// Sorted marks with normalised numbers: `7` and `7.0` are equal.
fn canonical(marks: Vec<Mark>) -> Vec<String> {
    let number = |text: &String| {
        text.parse::<f64>()
            .map_or_else(|_| text.clone(), |n| n.to_string())
    };
    let lines = marks.into_iter().map(|mark| {
        let entries = mark
            .iter()
            .map(|(name, value)| format!("{name}={}", number(value)));
        entries.collect::<Vec<_>>().join(" ")
    });
    let mut lines: Vec<String> = lines.collect();
    lines.sort_unstable();
    lines
}
