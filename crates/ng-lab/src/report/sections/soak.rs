//! The section on a soak.

use ng_plot::Field;

use crate::model::{
    Event, Interval95, Percentiles, Report, SlopeFinding, SlopeReport, SoakReport, SoakRow,
};
use crate::report::sections::part::{Detail, Part, Rows, Section, Table, bytes, interval};
use crate::report::text;

/// Stretches the run is divided into.
const STRETCHES: usize = 20;

/// The operations, the slopes, and the run in stretches; none without a soak.
pub(super) fn section(report: &Report) -> Option<Section> {
    let (soak, items) = (report.soak.as_ref()?, report.run.items.as_str());
    let mut parts = vec![Part::new("Soak", lines(soak, items), kinds(soak, items))];
    parts.extend(slopes(soak));
    parts.extend(stretches(soak, items));
    Some(Section::new("soak-figures", "Soak in figures", parts))
}

/// One percentile of operations' times.
type Time = fn(&Percentiles) -> f64;

const TIMES: [(&str, Time); 4] = [
    ("p50", |times| times.p50),
    ("p99", |times| times.p99),
    ("p99.9", |times| times.p999),
    ("max", |times| times.max),
];

fn kinds(soak: &SoakReport, items: &str) -> Option<Table> {
    let seconds = soak.seconds.max(1e-9);
    let mut rows = Rows::new(&soak.kinds)
        .words("operation", |kind| kind.name.clone())
        .column("number", |kind| {
            Field::Figure(kind.operations as f64, kind.operations.to_string())
        })
        .column("per second", |kind| {
            let rate = kind.operations as f64 / seconds;
            Field::Figure(rate, text::count(rate))
        })
        .column(items, |kind| {
            Field::Figure(kind.items as f64, text::count(kind.items as f64))
        });
    for (name, time) in TIMES {
        rows = rows.column(format!("service {name}"), |kind| {
            time_of(kind.service_ns, time)
        });
    }
    for (name, time) in TIMES {
        rows = rows.column(format!("response {name}"), |kind| {
            time_of(kind.response_ns, time)
        });
    }
    rows.table()
}

fn time_of(times: Option<Percentiles>, time: Time) -> Field {
    match times {
        Some(times) => Field::maybe(Some(time(&times)), text::time),
        None => Field::words("-"),
    }
}

fn lines(soak: &SoakReport, items: &str) -> Vec<String> {
    let mut lines = vec![format!(
        "{:.0} s of {:.0} s{}, {} build, {} operations; {}",
        soak.seconds,
        soak.asked_seconds,
        on(soak),
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
        "the schedule was paused for {aside:.1} s in total, for rows and verifications"
    ));
    lines.extend(soak.rows.last().and_then(|row| late(soak, row)));
    lines
}

/// Absent in reports of older programs.
fn on(soak: &SoakReport) -> String {
    match soak.on.as_str() {
        "" => String::new(),
        on => format!(" on a {on}"),
    }
}

fn rate(soak: &SoakReport) -> String {
    match (soak.rate, soak.capacity) {
        (None, _) => "it ended before a rate was set".to_owned(),
        (Some(rate), None) => format!("{} per second were due", text::count(rate)),
        (Some(rate), Some(capacity)) => format!(
            "{} per second were due, {} of a capacity of {}",
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
        "at most {} {items} at a time, renewed {renewals} times, {} at the end",
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

/// What is wrong with a soak.
pub(crate) fn troubles(soak: &SoakReport) -> Vec<String> {
    let wrong = soak.events.iter().any(|event| event.wrong().is_some());
    let mut lines: Vec<String> = wrong.then(|| verifications(soak)).into_iter().collect();
    lines.extend(soak.rows.last().and_then(|row| late(soak, row)));
    if !wrong && !soak.ended_clean {
        lines.push("it was not verified at the end".to_owned());
    }
    lines
}

/// A warning if the schedule was missed by more than a second at the end.
fn late(soak: &SoakReport, row: &SoakRow) -> Option<String> {
    let behind = row.backlog as f64 / soak.rate?;
    (behind > 1.0).then(|| {
        format!(
            "WARNING: {} operations were due at the end but not begun: the rate is above the \
             capacity, and response times grow with the length of the run",
            row.backlog
        )
    })
}

/// A figure in its unit, with sign.
fn signed(figure: &str, value: f64, plus: &str) -> String {
    let sign = match value {
        value if value < 0.0 => "-",
        value if value > 0.0 => plus,
        _ => "",
    };
    let size = value.abs();
    if figure.ends_with("_bytes") {
        format!("{sign}{}", text::bytes(size.round() as u64))
    } else if figure.ends_with("_files") {
        format!("{sign}{}", text::count(size))
    } else {
        format!("{sign}{}", text::time(size))
    }
}

/// The slopes; those of single kinds are left out of the short form.
fn slopes(soak: &SoakReport) -> Option<Part> {
    let line = "Theil-Sen slopes; points are rows, or medians of neighbouring rows, and the \
                interval assumes that they are independent. One in twenty flat figures is \
                reported to move";
    let table = Rows::new(&soak.slopes)
        .shown_from(|slope| match slope.kind {
            None => Detail::Short,
            Some(_) => Detail::Full,
        })
        .words("figure", |slope| slope.figure.clone())
        .words("operation", |slope| {
            slope.kind.clone().unwrap_or_else(|| "all".to_owned())
        })
        .column("median", |slope| {
            Field::Figure(slope.median, signed(&slope.figure, slope.median, ""))
        })
        .column("per hour", |slope| {
            Field::Figure(slope.per_hour, signed(&slope.figure, slope.per_hour, "+"))
        })
        .column("95 % interval", |slope| slope_interval(slope))
        .words("says", |slope| said(slope.finding).to_owned())
        .column("points", |slope| {
            Field::Figure(slope.points as f64, slope.points.to_string())
        })
        .table()?;
    Some(Part::new(
        "Soak: over the time",
        vec![line.to_owned()],
        Some(table),
    ))
}

fn slope_interval(slope: &SlopeReport) -> Field {
    let change = |value| signed(&slope.figure, value, "+");
    match slope.ci95_per_hour {
        Some(Interval95([low, high])) => {
            interval(Some(low), format!("[{}, {}]", change(low), change(high)))
        }
        None => Field::words("none"),
    }
}

fn said(finding: SlopeFinding) -> &'static str {
    match finding {
        SlopeFinding::Rises => "rises",
        SlopeFinding::Falls => "falls",
        SlopeFinding::NotTold => "no trend",
        SlopeFinding::TooFewRows => "too few rows",
    }
}

fn stretches(soak: &SoakReport, items: &str) -> Option<Part> {
    let line = "rows combined: sums of operations and faults, the worst times, and the last value \
                of the others. `report.json` and `soak.csv` have every row";
    let rows_each = soak.rows.len().div_ceil(STRETCHES).max(1);
    let stretches = soak.rows.chunks(rows_each);
    let stretches = stretches.filter_map(|rows| Some((rows, rows.last()?)));
    let worst = |rows: &[SoakRow], time: fn(&SoakRow) -> f64| {
        Field::maybe(Some(rows.iter().map(time).fold(0.0, f64::max)), text::time)
    };
    let known = |count| match count {
        Some(_) => bytes(count),
        None => Field::words("?"),
    };
    let count = |count: u64| Field::Figure(count as f64, count.to_string());
    let table = Rows::new(stretches)
        .column("until", |(_, last)| {
            Field::maybe(Some(last.seconds * 1e9), text::time)
        })
        .column("per second", |(rows, _)| {
            Field::maybe(Some(rate_of(rows)), text::count)
        })
        .column("service p99", |(rows, _)| {
            worst(rows, |row| row.service_ns.p99)
        })
        .column("response p99", |(rows, _)| {
            worst(rows, |row| row.response_ns.p99)
        })
        .column("response max", |(rows, _)| {
            worst(rows, |row| row.response_ns.max)
        })
        .column("resident", |(_, last)| known(last.resident_bytes))
        .column("private", |(_, last)| known(last.private_bytes))
        .column("faults", |(rows, _)| {
            let faults: Option<u64> = rows.iter().map(|row| row.faults).sum();
            match faults {
                Some(faults) => Field::Figure(faults as f64, text::count(faults as f64)),
                None => Field::words("?"),
            }
        })
        .column("open files", |(_, last)| match last.open_files {
            Some(files) => count(files),
            None => Field::words("?"),
        })
        .column("on disk", |(_, last)| bytes(Some(last.disk_bytes)))
        .column("file", |(_, last)| count(last.file))
        .column(items, |(_, last)| count(last.items))
        .table()?;
    let part = Part::new("Soak: the run", vec![line.to_owned()], Some(table));
    Some(part.from(Detail::Full))
}

fn rate_of(rows: &[SoakRow]) -> f64 {
    let operations: u64 = rows.iter().map(|row| row.operations).sum();
    let seconds: f64 = rows.iter().map(|row| row.span_seconds).sum();
    operations as f64 / seconds.max(1e-9)
}
