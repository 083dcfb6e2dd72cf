//! The sections about a soak.

use crate::model::{
    Event, Interval95, KindReport, Percentiles, Report, SlopeFinding, SlopeReport, SoakReport,
    SoakRow,
};
use crate::report::table::{Detail, Section, Table};
use crate::report::text;

/// Stretches that the run is shown in.
const STRETCHES: usize = 20;

/// What was done, how it went over the time, and the run in stretches; nothing where
/// there was no soak.
pub(super) fn sections(report: &Report, detail: Detail) -> Vec<Section> {
    let Some(soak) = &report.soak else {
        return Vec::new();
    };
    let items = &report.run.items;
    let mut sections = vec![kinds(soak, items)];
    let shown = match detail {
        Detail::Full => Slopes::All,
        _ => Slopes::OfTheWhole,
    };
    sections.extend((!soak.slopes.is_empty()).then(|| slopes(soak, shown)));
    let is_full = detail == Detail::Full && !soak.rows.is_empty();
    sections.extend(is_full.then(|| stretches(soak, items)));
    sections
}

pub(super) fn kinds(soak: &SoakReport, items: &str) -> Section {
    let mut headings = ["operation", "number", "a second", items]
        .map(str::to_owned)
        .to_vec();
    for what in ["service", "response"] {
        for time in ["p50", "p99", "p99.9", "max"] {
            headings.push(format!("{what} {time}"));
        }
    }
    Section {
        title: "Soak".to_owned(),
        lines: lines(soak, items),
        table: Some(Table {
            headings,
            rows: soak.kinds.iter().map(|kind| kind_row(soak, kind)).collect(),
        }),
    }
}

fn lines(soak: &SoakReport, items: &str) -> Vec<String> {
    let mut lines = vec![format!(
        "{:.0} s of {:.0} s, {} build, {} operations; {}",
        soak.seconds,
        soak.asked_seconds,
        soak.profile.name(),
        text::count(soak.operations() as f64),
        rate(soak)
    )];
    let kinds = soak.kinds.iter();
    lines.extend(kinds.map(|kind| format!("{}: {}", kind.name, kind.about)));
    lines.push(files(soak, items));
    lines.push(verifications(soak));
    let aside: f64 = soak.rows.iter().map(|row| row.aside_seconds).sum();
    lines.push(format!(
        "the schedule stood still for {aside:.1} s in all, for rows and verifications"
    ));
    lines.extend(soak.rows.last().and_then(|row| late(soak, row)));
    lines
}

fn rate(soak: &SoakReport) -> String {
    match (soak.rate, soak.capacity) {
        (None, _) => "it did not come to a rate".to_owned(),
        (Some(rate), None) => format!("{} a second were due", text::count(rate)),
        (Some(rate), Some(capacity)) => format!(
            "{} a second were due, {} of the {} that could be done before",
            text::count(rate),
            text::percent(rate / capacity),
            text::count(capacity)
        ),
    }
}

fn files(soak: &SoakReport, items: &str) -> String {
    let last = soak.rows.last();
    let (disk, most) = (last.map_or(0, |row| row.disk_bytes), soak.most_items);
    let renewed = |event: &&Event| matches!(event, Event::Renewed { .. });
    let renewals = soak.events.iter().filter(renewed).count();
    let mut line = format!(
        "files of at most {} {items}, begun anew {renewals} times, {} at the end",
        text::items(most),
        text::bytes(disk)
    );
    if let Some(why) = &soak.less_because {
        line.push_str(&format!("; {why}"));
    }
    line
}

fn verifications(soak: &SoakReport) -> String {
    let verified = |event: &&Event| matches!(event, Event::Verified { .. });
    let count = soak.events.iter().filter(verified).count();
    match soak.events.iter().find_map(Event::wrong) {
        Some(wrong) => format!("WRONG: {wrong}"),
        None if soak.ended_clean => format!("verified {count} times, the last at the end: clean"),
        None => format!("verified {count} times, clean; not verified at the end"),
    }
}

/// What speaks against a soak.
pub(super) fn troubles(soak: &SoakReport) -> Vec<String> {
    let wrong = soak.events.iter().any(|event| event.wrong().is_some());
    let mut lines: Vec<String> = wrong.then(|| verifications(soak)).into_iter().collect();
    lines.extend(soak.rows.last().and_then(|row| late(soak, row)));
    if !wrong && !soak.ended_clean {
        lines.push("it was not verified at its end".to_owned());
    }
    lines
}

/// A schedule that was not kept: more than a second behind at the end.
fn late(soak: &SoakReport, row: &SoakRow) -> Option<String> {
    let behind = row.backlog as f64 / soak.rate?;
    (behind > 1.0).then(|| {
        format!(
            "WARNING: {} operations were due at the end and had not begun: the rate is more than \
             was done, and response times grow with the length of the run",
            row.backlog
        )
    })
}

pub(super) fn kind_row(soak: &SoakReport, kind: &KindReport) -> Vec<String> {
    let seconds = soak.seconds.max(1e-9);
    let mut row = vec![
        kind.name.clone(),
        kind.operations.to_string(),
        text::count(kind.operations as f64 / seconds),
        text::count(kind.items as f64),
    ];
    for times in [kind.service_ns, kind.response_ns] {
        row.extend(four(times));
    }
    row
}

fn four(times: Option<Percentiles>) -> [String; 4] {
    match times {
        Some(times) => [times.p50, times.p99, times.p999, times.max].map(text::time),
        None => ["-"; 4].map(str::to_owned),
    }
}

/// Which slopes are shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Slopes {
    /// Those of all operations together.
    OfTheWhole,
    /// Those of each kind of operation too.
    All,
}

pub(super) fn slopes(soak: &SoakReport, which: Slopes) -> Section {
    let shown = |slope: &&SlopeReport| which == Slopes::All || slope.kind.is_none();
    let headings = [
        "figure",
        "operation",
        "median",
        "an hour",
        "95 % interval",
        "says",
        "points",
    ];
    let line = "Theil-Sen slopes; points are rows, or medians of neighbouring rows, and the \
                interval takes them for independent. Of twenty flat figures one is said to move";
    Section {
        title: "Soak: over the time".to_owned(),
        lines: vec![line.to_owned()],
        table: Some(Table {
            headings: headings.map(str::to_owned).to_vec(),
            rows: soak.slopes.iter().filter(shown).map(slope_row).collect(),
        }),
    }
}

pub(super) fn slope_row(slope: &SlopeReport) -> Vec<String> {
    let value = |value| signed(&slope.figure, value, "");
    let change = |value| signed(&slope.figure, value, "+");
    vec![
        slope.figure.clone(),
        slope.kind.clone().unwrap_or_else(|| "all".to_owned()),
        value(slope.median),
        change(slope.per_hour),
        match slope.ci95_per_hour {
            Some(Interval95([low, high])) => format!("[{}, {}]", change(low), change(high)),
            None => "none".to_owned(),
        },
        match slope.finding {
            SlopeFinding::Rises => "rises",
            SlopeFinding::Falls => "falls",
            SlopeFinding::NotTold => "no trend told",
            SlopeFinding::TooFewRows => "too few rows",
        }
        .to_owned(),
        slope.points.to_string(),
    ]
}

/// A figure in its unit, with its sign.
fn signed(figure: &str, value: f64, plus: &str) -> String {
    let sign = match value {
        value if value < 0.0 => "-",
        value if value > 0.0 => plus,
        _ => "",
    };
    let size = value.abs();
    if figure.ends_with("_bytes") {
        format!("{sign}{}", text::bytes(size.round() as u64))
    } else {
        format!("{sign}{}", text::time(size))
    }
}

fn stretches(soak: &SoakReport, items: &str) -> Section {
    let headings = [
        "until",
        "a second",
        "service p99",
        "response p99",
        "response max",
        "resident",
        "private",
        "faults",
        "on disk",
        "file",
        items,
    ];
    let rows_each = soak.rows.len().div_ceil(STRETCHES);
    let line = "rows put together: sums of operations and faults, the worst of times, and the \
                last of the others. `report.json` and `soak.csv` have every row";
    Section {
        title: "Soak: the run".to_owned(),
        lines: vec![line.to_owned()],
        table: Some(Table {
            headings: headings.map(str::to_owned).to_vec(),
            rows: soak.rows.chunks(rows_each).filter_map(stretch).collect(),
        }),
    }
}

fn stretch(rows: &[SoakRow]) -> Option<Vec<String>> {
    let last = rows.last()?;
    let operations: u64 = rows.iter().map(|row| row.operations).sum();
    let seconds: f64 = rows.iter().map(|row| row.span_seconds).sum();
    let worst = |time: fn(&SoakRow) -> f64| text::time(rows.iter().map(time).fold(0.0, f64::max));
    let bytes = |bytes: Option<u64>| bytes.map_or("?".to_owned(), text::bytes);
    let faults: Option<u64> = rows.iter().map(|row| row.faults).sum();
    Some(vec![
        text::time(last.seconds * 1e9),
        text::count(operations as f64 / seconds.max(1e-9)),
        worst(|row| row.service_ns.p99),
        worst(|row| row.response_ns.p99),
        worst(|row| row.response_ns.max),
        bytes(last.resident_bytes),
        bytes(last.private_bytes),
        faults.map_or("?".to_owned(), |faults| text::count(faults as f64)),
        text::bytes(last.disk_bytes),
        last.file.to_string(),
        last.items.to_string(),
    ])
}
