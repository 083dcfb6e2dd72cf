//! The files that a run writes.

use std::fs;
use std::path::{Path, PathBuf};

use ng_lab::{Request, SessionError};
use serde_json::Value;
use tempfile::TempDir;

use crate::checks::{measure, request};

/// The files in a folder after a run.
const FILES: [&str; 5] = [
    "report.html",
    "report.json",
    "report.md",
    "results.jsonl",
    "samples.csv",
];

fn files_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name().into_string());
    let mut names: Vec<String> = names.map(|name| name.expect("a plain name")).collect();
    names.sort_unstable();
    names
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).expect("a file of the run")
}

/// Round, position, build, variant, phase and time of each sample, from the log.
fn logged(log: &str) -> Vec<String> {
    let lines = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a JSON line"));
    let samples = lines.flat_map(|line| {
        let phases = line["outcome"]["cell"]["phases"].as_array().cloned();
        let phases = phases.unwrap_or_default().into_iter();
        phases.map(move |phase| {
            let parts = [
                &line["task"]["cell"]["variant"]["name"],
                &line["build"][0],
                &line["build"][1],
                &line["round"],
                &line["position"],
                &phase["name"],
                &phase["elapsed_ns"],
            ];
            parts
                .map(|part| part.to_string().replace('"', ""))
                .join(",")
        })
    });
    let mut samples: Vec<String> = samples.collect();
    samples.sort_unstable();
    samples
}

/// The same from the table of samples.
fn tabled(csv: &str) -> Vec<String> {
    let rows = csv.lines().skip(1).map(|row| {
        let fields: Vec<&str> = row.split(',').collect();
        [2, 5, 6, 7, 8, 9, 10]
            .map(|column| fields[column])
            .join(",")
    });
    let mut rows: Vec<String> = rows.collect();
    rows.sort_unstable();
    rows
}

/// Also if workers fail and some rounds have no sample.
pub(crate) fn a_run_writes_a_page_and_its_samples() {
    let out = TempDir::new().expect("temporary folder");
    measure(&request("failing", 10, &[1], 2), out.path()).expect("a report");
    assert_eq!(files_in(out.path()), FILES);
    let rows = tabled(&read(out.path(), "samples.csv"));
    assert_eq!(rows, logged(&read(out.path(), "results.jsonl")));
    // Two successful variants with two copies each, over the cold round and two more.
    assert_eq!(rows.len(), 2 * 2 * 3);
    let page = read(out.path(), "report.html");
    assert!(page.contains("<h1>Measurement of words</h1>"), "{page}");
    assert!(page.contains("planted panic"), "{page}");
}

/// A failed run does not leave an earlier report in place of its own.
pub(crate) fn a_failed_run_leaves_no_earlier_report() {
    let out = TempDir::new().expect("temporary folder");
    for name in FILES {
        fs::write(out.path().join(name), "old").expect("a file");
    }
    let mut request: Request = request("failing", 10, &[1], 1);
    for (_, program) in &mut request.programs {
        *program = PathBuf::from("/no/such/program");
    }
    let error = measure(&request, out.path()).expect_err("no worker");
    assert!(matches!(error, SessionError::Conduct(_)), "{error}");
    assert_eq!(files_in(out.path()), ["results.jsonl"]);
    assert_eq!(read(out.path(), "results.jsonl"), "");
}
