//! The questions, over a thousand tokens, and over a few blocks.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::tempdir;

use crate::names;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/queries.py");

/// Which of ours answers what.
const OURS: [(&str, &[&str]); 15] = [
    ("count-weight", &[MAP_REDUCE, RECORDS, COLUMNS]),
    ("count-three", &[MAP_REDUCE, RECORDS, COLUMNS]),
    ("count-ball", &[MAP_REDUCE, RECORDS, COLUMNS, ORDERED]),
    ("group-by-type", &[MAP_REDUCE, RECORDS, COLUMNS]),
    ("time-range", &[MAP_REDUCE, RECORDS, COLUMNS, INDEX]),
    ("nearest", &[MAP_REDUCE, RECORDS, COLUMNS, ORDERED]),
    ("nearest-1000", &[COLUMNS, ORDERED]),
    ("within-1000", &[COLUMNS, ORDERED]),
    ("nearest-all", &[MAP_REDUCE, RECORDS, COLUMNS]),
    ("nearest-all-100", &[COLUMNS]),
    ("top-100", &[MAP_REDUCE, RECORDS, COLUMNS]),
    ("sort-weight", &["ng std sort", "ng sort"]),
    ("sort-physical", &["ng sort"]),
    ("find-1000", &[MAP_REDUCE, RECORDS, COLUMNS, INDEX]),
    ("export-parquet", &["ng export"]),
];
const MAP_REDUCE: &str = "ng map_reduce";
const RECORDS: &str = "ng records";
const COLUMNS: &str = "ng columns";
const INDEX: &str = "ng index";
const ORDERED: &str = "ng ordered";

const A_FEW: [&str; 2] = ["--tokens", "1k"];
/// Two whole blocks, which an index covers, and some tokens behind them.
const BLOCKS: [&str; 2] = ["--tokens", "10k"];

/// The program, writing only to `folder`, with a Python of that name.
fn queries(folder: &Path, python: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ng-peers"));
    command
        .env("TMPDIR", folder)
        .env("NG_PYTHON", python)
        .current_dir(folder)
        .args(["queries", "--out", "out/queries.json", "--dir", "data"]);
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn report(folder: &Path) -> Value {
    let text = fs::read_to_string(folder.join("out/queries.json"));
    serde_json::from_str(&text.expect("figures")).expect("JSON")
}

fn list<'a>(report: &'a Value, name: &str) -> &'a [Value] {
    report[name].as_array().expect(name)
}

/// The Python that has every package, if there is one.
fn python() -> Option<PathBuf> {
    let named = env::var_os("NG_PYTHON").unwrap_or_else(|| "python3".into());
    let listed = Command::new(&named).args([SCRIPT, "--list"]).output();
    let listed: Value = serde_json::from_slice(&listed.ok()?.stdout).ok()?;
    let missing = list(&listed, "peers")
        .iter()
        .flat_map(|peer| list(peer, "missing"));
    let missing: Vec<String> = missing.map(ToString::to_string).collect();
    if missing.is_empty() {
        return Some(named.into());
    }
    eprintln!("skipped: {} has no {missing:?}", named.display());
    None
}

/// A program that takes the place of Python, as a shell script.
fn stand_in(folder: &Path, lines: &str) -> PathBuf {
    let path = folder.join("stand-in");
    let source = folder.join("stand-in.sh");
    fs::write(&source, format!("#!/bin/sh\n{lines}")).expect("a script");
    // Another process writes it: one that a test forks meanwhile would have it open, and it could
    // not be run ("text file busy").
    let mut install = Command::new("install");
    let done = install.args(["-m", "755"]).args([&source, &path]).status();
    assert!(done.expect("install").success());
    path
}

#[test]
fn everybody_answers_every_question_alike() {
    let Some(python) = python() else { return };
    for like in ["uniform", "clustered"] {
        let folder = tempdir().unwrap();
        let mut program = queries(folder.path(), &python);
        let output = program
            .args(BLOCKS)
            .args(["--rounds", "2", "--like", like])
            .output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        let report = report(folder.path());
        assert!(list(&report, "failed").is_empty() && list(&report, "skipped").is_empty());
        assert_eq!(list(&report, "questions").len(), 15);
        let rows = list(&report, "rows");
        assert_eq!(who_of_ours(&report), all_of_ours());
        for question in list(&report, "questions") {
            assert!(!list(question, "answer").is_empty(), "{question}");
            let of = |ours: bool| {
                let of = |row: &&Value| row["what"] == question["what"] && row["ours"] == ours;
                rows.iter().filter(of).count()
            };
            assert!(of(false) >= 1, "{question}");
            let ratios = list(&report, "ratios").iter();
            let ratios = ratios.filter(|ratio| ratio["what"] == question["what"]);
            assert_eq!(ratios.count(), of(true) * of(false), "{question}");
        }
        for row in rows {
            assert_eq!(row["rounds"], 2, "{row}");
            assert!(
                row["best_ns"].as_f64() <= row["median_ns"].as_f64(),
                "{row}"
            );
        }
        assert!(report["python"]["versions"]["duckdb"].is_string());
        let tables = fs::read_to_string(folder.path().join("out/queries.md")).unwrap();
        assert_eq!(tables, String::from_utf8_lossy(&output.stdout));
        assert!(tables.contains("| nearest-1000 ") && tables.contains("times as fast"));
        assert_eq!(names(&folder.path().join("data")), Vec::<String>::new());
    }
}

#[test]
fn without_python_ours_are_asked_alone() {
    for lines in ["exit 1\n", "echo '{}'\n"] {
        let folder = tempdir().unwrap();
        let python = stand_in(folder.path(), lines);
        check_alone(folder.path(), &python);
    }
    let folder = tempdir().unwrap();
    check_alone(folder.path(), Path::new("/no/such/python"));
}

#[track_caller]
fn check_alone(folder: &Path, python: &Path) {
    let output = queries(folder, python)
        .args(BLOCKS)
        .args(["--rounds", "2"])
        .output();
    let output = output.expect("it starts");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("no peers: "), "{}", said(&output));
    let report = report(folder);
    assert_eq!(report["python"], Value::Null);
    assert_eq!(who_of_ours(&report), all_of_ours());
    check_builds(&report);
    assert!(list(&report, "ratios").is_empty());
}

fn all_of_ours() -> Vec<String> {
    let all = OURS.iter().flat_map(|(what, ours)| {
        let told = move |who: &&str| format!("{what} {who}");
        ours.iter().map(told)
    });
    all.collect()
}

fn who_of_ours(report: &Value) -> Vec<String> {
    let rows = list(report, "rows")
        .iter()
        .filter(|row| row["ours"] == true);
    let told = rows.map(|row| format!("{} {}", row["what"], row["who"]));
    told.map(|told| told.replace('"', "")).collect()
}

/// What is made once for all questions is shown with each that needs it.
#[track_caller]
fn check_builds(report: &Value) {
    let mut made: BTreeMap<&str, &Value> = BTreeMap::new();
    for row in list(report, "rows") {
        let expected: &[&str] = match row["who"].as_str().expect("who") {
            COLUMNS => &["columns", "prepared"],
            INDEX => &["columns", "ids", "prepared"],
            ORDERED => &["ordered", "prepared"],
            _ => &["prepared"],
        };
        let builds = row["build_ms"].as_object().expect("builds");
        let names: Vec<&String> = builds.keys().collect();
        assert_eq!(names, expected, "{row}");
        for name in expected.iter().filter(|name| **name != "prepared") {
            assert!(builds[*name].as_f64() > Some(0.0), "{row}");
            let first = made.entry(name).or_insert(&builds[*name]);
            assert_eq!(*first, &builds[*name], "{row}");
        }
    }
}

/// A peer whose answer is wrong, one whose package is missing, and one that fails.
const WRONG: &str = r#"
echo '{"python": "0", "versions": {}, "peers": [
 {"what": "count-weight", "who": "right", "missing": [], "one_thread": true},
 {"what": "count-weight", "who": "wrong", "missing": [], "one_thread": true},
 {"what": "count-weight", "who": "large", "missing": [], "one_thread": true},
 {"what": "count-weight", "who": "broken", "missing": [], "one_thread": true},
 {"what": "count-weight", "who": "absent", "missing": ["abacus"], "one_thread": true}]}' | tr -d '\n'
echo
while read -r line; do
  case $line in
    *right*) echo '{"ms": 1.5, "answer": [RIGHT], "tolerance": 0.0}';;
    *wrong*) echo '{"ms": 0.5, "answer": [1], "tolerance": 0.0}';;
    *large*) echo '{"skipped": "needs more memory"}';;
    *broken*) echo '{"error": "it broke"}';;
    *) echo '{}';;
  esac
done
"#;

#[test]
fn an_answer_that_is_another_is_shouted_and_has_no_time() {
    let folder = tempdir().unwrap();
    let alone = queries(folder.path(), Path::new("/no/such/python"))
        .args(A_FEW)
        .args(["--only", "count-weight", "--rounds", "1"])
        .output();
    assert!(alone.unwrap().status.success());
    let right = &report(folder.path())["questions"][0]["answer"][0];
    let lines = WRONG.replace("RIGHT", &right.to_string());
    let python = stand_in(folder.path(), &lines);
    let output = queries(folder.path(), &python)
        .args(A_FEW)
        .args(["--only", "count-weight", "--rounds", "2"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let told = format!("DISAGREEMENT: count-weight: wrong answers 1, expected {right}");
    assert!(said(&output).contains(&told), "{}", said(&output));
    let report = report(folder.path());
    let who = |name: &str| -> Vec<String> {
        let entries = list(&report, name).iter();
        let told = entries.map(|entry| format!("{} {}", entry["who"], entry["reason"]));
        told.map(|told| told.replace('"', "")).collect()
    };
    let wrong = format!("wrong answers 1, expected {right}");
    assert_eq!(who("failed"), [&wrong, "broken it broke"]);
    assert_eq!(
        who("skipped"),
        ["absent Python has no abacus", "large needs more memory"]
    );
    let ratios = list(&report, "ratios");
    assert_eq!(ratios.len(), 3);
    assert!(ratios.iter().all(|ratio| ratio["peer"] == "right"));
}

#[test]
fn bad_values_are_refused_with_option_value_and_what_is_allowed() {
    for (arguments, code, told) in [
        (["--tokens", "0"], 2, "expected a whole number from 1 to 4G"),
        (["--like", "round"], 2, "uniform, clustered"),
        (["--seed", "-1"], 2, "invalid digit"),
        (["--threads", "0"], 2, "1..=1024"),
        (["--rounds", "0"], 2, "1..=1000"),
        (["--dir", ""], 2, "expected a folder"),
        (
            ["--only", "furthest"],
            1,
            "--only furthest: no question has that",
        ),
    ] {
        let folder = tempdir().unwrap();
        let mut program = Command::new(env!("CARGO_BIN_EXE_ng-peers"));
        program
            .env("TMPDIR", folder.path())
            .current_dir(folder.path());
        let output = program.arg("queries").args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{}", said(&output));
        assert!(
            said(&output).contains(told),
            "{arguments:?}: {}",
            said(&output)
        );
        assert_eq!(names(folder.path()), Vec::<String>::new(), "{arguments:?}");
    }
}

#[test]
fn an_interrupt_ends_the_run_and_keeps_what_was_measured() {
    let folder = tempdir().unwrap();
    let mut program = queries(folder.path(), Path::new("/no/such/python"));
    program.args(A_FEW).args(["--rounds", "1000"]);
    let child = program.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let mut child = child.unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut lines = lines.map(Result::unwrap);
    assert!(lines.any(|line| line.starts_with("question 1 of 15: ")));
    let interrupted = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(interrupted.unwrap().success());
    lines.for_each(drop);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let report = report(folder.path());
    assert_eq!(report["run"]["interrupted"], true);
    assert!(!list(&report, "rows").is_empty());
    assert_eq!(names(&folder.path().join("data")), Vec::<String>::new());
}

/// The script alone, on raw records and on a token file.
#[test]
fn the_script_says_what_it_cannot_read() {
    let Some(python) = python() else { return };
    let folder = tempdir().unwrap();
    for (name, bytes, told) in [
        (
            "odd",
            vec![0; 65],
            "65 bytes, expected a token file or records of 64 bytes",
        ),
        ("empty", vec![], "no tokens"),
        (
            "cut",
            b"\x89NGT\r\n\x1a\n".to_vec(),
            "8 bytes, expected a whole token file",
        ),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let output = Command::new(&python)
            .arg(SCRIPT)
            .arg(&path)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{name}");
        assert!(said(&output).contains(told), "{name}: {}", said(&output));
    }
    let path = folder.path().join("raw");
    fs::write(&path, vec![0; 64 * 300]).unwrap();
    let output = Command::new(&python)
        .args([SCRIPT, "--only", "count-weight", "--repeat", "2"])
        .arg(&path)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 6);
    assert!(
        lines
            .iter()
            .all(|line| line["answer"] == serde_json::json!([0]) && line["tokens"] == 300)
    );
}
