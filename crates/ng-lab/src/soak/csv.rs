//! The rows as CSV, written as they come.

use std::fmt::Write as _;
use std::io::{self, Write};

use crate::model::{Event, KindRow, Percentiles, SoakRow};

/// The rows, in the folder of the report.
pub(crate) const ROWS: &str = "soak.csv";

const COLUMNS: [&str; 13] = [
    "seconds",
    "span_seconds",
    "aside_seconds",
    "operations",
    "throughput",
    "backlog",
    "resident_bytes",
    "private_bytes",
    "faults",
    "major_faults",
    "open_files",
    "disk_bytes",
    "file",
];
const TIMES: [&str; 4] = ["p50", "p99", "p999", "max"];

/// Writes rows under one line of headings.
pub(crate) struct Csv<W> {
    out: W,
    has_headings: bool,
    items: String,
}

impl<W: Write> Csv<W> {
    /// `items` is the name of the items.
    pub(crate) fn new(out: W, items: &str) -> Self {
        Self {
            out,
            has_headings: false,
            items: items.to_owned(),
        }
    }

    pub(crate) fn row(&mut self, row: &SoakRow) -> io::Result<()> {
        let mut text = String::new();
        if !self.has_headings {
            text.push_str(&headings(row, &self.items));
            self.has_headings = true;
        }
        text.push_str(&line(row));
        self.out.write_all(text.as_bytes())
    }
}

fn headings(row: &SoakRow, items: &str) -> String {
    let mut text = COLUMNS.join(",");
    let _ = write!(text, ",{items}");
    push_times_headings(&mut text, "");
    for kind in &row.kinds {
        let _ = write!(text, ",{}_operations", kind.name);
        push_times_headings(&mut text, &format!("{}_", kind.name));
    }
    text.push_str(",events\n");
    text
}

fn push_times_headings(text: &mut String, of: &str) {
    for what in ["service", "response"] {
        for time in TIMES {
            let _ = write!(text, ",{of}{what}_{time}_ns");
        }
    }
}

fn line(row: &SoakRow) -> String {
    let optional = |figure: Option<u64>| figure.map_or(String::new(), |figure| figure.to_string());
    let mut text = [
        format!("{:.3}", row.seconds),
        format!("{:.3}", row.span_seconds),
        format!("{:.6}", row.aside_seconds),
        row.operations.to_string(),
        format!("{:.3}", row.throughput),
        row.backlog.to_string(),
        optional(row.resident_bytes),
        optional(row.private_bytes),
        optional(row.faults),
        optional(row.major_faults),
        optional(row.open_files),
        row.disk_bytes.to_string(),
        row.file.to_string(),
        row.items.to_string(),
    ]
    .join(",");
    push_times(&mut text, Some(row.service_ns), Some(row.response_ns));
    for KindRow {
        operations,
        service_ns,
        response_ns,
        ..
    } in &row.kinds
    {
        let _ = write!(text, ",{operations}");
        push_times(&mut text, *service_ns, *response_ns);
    }
    let events: Vec<String> = row.events.iter().map(described).collect();
    let _ = writeln!(text, ",\"{}\"", events.join("; ").replace('"', "'"));
    text
}

fn push_times(text: &mut String, service: Option<Percentiles>, response: Option<Percentiles>) {
    for times in [service, response] {
        let figures = times.map(|times| [times.p50, times.p99, times.p999, times.max]);
        for index in 0..TIMES.len() {
            text.push(',');
            if let Some(figures) = figures {
                let _ = write!(text, "{}", figures[index]);
            }
        }
    }
}

/// An event in a few words.
pub(crate) fn described(event: &Event) -> String {
    match event {
        Event::Renewed { reason, .. } => format!("new file: {reason}"),
        Event::Verified { items, wrong, .. } => match wrong {
            Some(wrong) => format!("verified {items}: {wrong}"),
            None => format!("verified {items}: clean"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soak::tests::row_at;

    #[test]
    fn lines_have_the_columns_of_the_headings() {
        let mut table = Vec::new();
        let mut csv = Csv::new(&mut table, "grains");
        let mut second = row_at(2.0);
        second.private_bytes = None;
        second.kinds[0].service_ns = None;
        second.events.push(Event::Renewed {
            seconds: 1.5,
            reason: "7 \"grains\"".to_owned(),
            elapsed_ns: 1,
        });
        csv.row(&row_at(1.0)).unwrap();
        csv.row(&second).unwrap();
        let text = String::from_utf8(table).unwrap();
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
        assert_eq!(lines.len(), 3);
        assert!(lines.iter().all(|line| line.len() == lines[0].len()));
        let at = |line: usize, name: &str| {
            let column = lines[0].iter().position(|heading| *heading == name);
            lines[line][column.unwrap_or_else(|| panic!("no column {name}"))]
        };
        assert_eq!(at(1, "seconds"), "1.000");
        assert_eq!(at(1, "grains"), "500");
        assert_eq!(at(1, "response_p99_ns"), "50000000");
        assert_eq!(at(2, "private_bytes"), "");
        assert_eq!(at(2, "work_service_p50_ns"), "");
        assert_eq!(at(2, "events"), "\"new file: 7 'grains'\"");
    }
}
