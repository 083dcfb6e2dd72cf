//! What a run leaves.

use std::collections::BTreeSet;
use std::fs;
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::tempdir;

use crate::{names, ng_peers};

const SEED: u64 = 7;
const TOKENS: u64 = 1_000;
const ROUNDS: usize = 6;

/// The figures and the printed text of one run of everything.
fn shared() -> &'static (Value, String) {
    static RUN: OnceLock<(Value, String)> = OnceLock::new();
    RUN.get_or_init(|| {
        let folder = tempdir().expect("a folder");
        let mut program = ng_peers(folder.path());
        program.args([
            "--tokens", "1k", "--rounds", "6", "--seed", "7", "--dir", "data",
        ]);
        let output = program.output().expect("it starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{stderr}");
        assert!(stderr.contains("round 6 of 6: "), "{stderr}");
        assert_eq!(names(&folder.path().join("data")), Vec::<String>::new());
        let text = fs::read_to_string(folder.path().join("out/peers.json"));
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        (
            serde_json::from_str(&text.expect("figures")).expect("JSON"),
            stdout,
        )
    })
}

fn list<'a>(report: &'a Value, name: &str) -> &'a [Value] {
    report[name].as_array().expect(name)
}

/// A row or ratio's values of `keys`, in one line.
fn line(entry: &Value, keys: &[&str]) -> String {
    let words = keys.iter().map(|key| match &entry[*key] {
        Value::String(word) => word.clone(),
        other => other.to_string(),
    });
    words.collect::<Vec<_>>().join(" ")
}

fn lines(report: &Value, name: &str, keys: &[&str]) -> Vec<String> {
    let entries = list(report, name).iter();
    entries.map(|entry| line(entry, keys)).collect()
}

#[test]
fn every_work_is_done_by_all_who_can_and_by_nobody_else() {
    let (report, _) = shared();
    assert!(list(report, "failed").is_empty() && list(report, "skipped").is_empty());
    let found = lines(report, "rows", &["work", "who", "durable"]);
    let found: BTreeSet<&str> = found.iter().map(String::as_str).collect();
    let mut expected = BTreeSet::new();
    let mut expect = |work: &str, everybody: &[&str]| {
        for who in everybody {
            let durable = !matches!(*who, "vec" | "ng-vec" | "raw-loop");
            expected.insert(format!("{work} {who} {durable}"));
        }
    };
    let files = ["ng-mmap", "memmap2", "redb", "lmdb", "arrow-ipc"];
    for work in ["reopen", "durable_create", "scan", "filter", "random_read"] {
        expect(work, &files);
    }
    for work in ["create", "clone", "scan", "filter", "random_read"] {
        expect(work, &["vec", "ng-vec"]);
    }
    expect(
        "durable_create",
        &["bufwriter", "redb-insert", "lmdb-write-map"],
    );
    expect("scan", &["raw-loop"]);
    expect("verify", &["ng-mmap", "redb", "full-read", "map-read"]);
    assert_eq!(found, expected.iter().map(String::as_str).collect());
}

#[test]
fn rows_have_times_intervals_and_all_their_samples() {
    let (report, _) = shared();
    for row in list(report, "rows") {
        let median = row["median_ns"].as_f64().unwrap();
        let [low, high] = [0, 1].map(|end| row["ci95_ns"][end].as_f64().unwrap());
        assert!(0.0 < low && low <= median && median <= high, "{row}");
        let samples = list(row, "samples");
        assert_eq!((samples.len(), &row["rounds"]), (ROUNDS, &ROUNDS.into()));
        let rounds: Vec<u64> = samples
            .iter()
            .map(|sample| sample["round"].as_u64().unwrap())
            .collect();
        assert_eq!(rounds, [1, 2, 3, 4, 5, 6], "{row}");
        assert!(row["threads"].as_u64().unwrap() >= 1);
    }
    for (work, items) in [
        ("scan", TOKENS),
        ("random_read", TOKENS / 10),
        ("reopen", 1),
    ] {
        let rows = list(report, "rows")
            .iter()
            .filter(|row| row["work"] == work);
        assert!(
            rows.clone().count() > 0 && rows.clone().all(|row| row["items"] == items),
            "{work}"
        );
    }
}

#[test]
fn each_work_and_peer_has_one_ratio() {
    let (report, _) = shared();
    let found = lines(report, "ratios", &["work", "peer"]);
    let different: BTreeSet<&String> = found.iter().collect();
    assert_eq!(different.len(), found.len(), "{found:?}");
    let peers = lines(report, "rows", &["work", "who"]);
    for row in peers.iter().filter(|row| !row.contains(" ng-")) {
        assert!(found.contains(row), "{row} in {found:?}");
    }
    for ratio in list(report, "ratios") {
        let ours = if ratio["durable"] == true {
            "ng-mmap"
        } else {
            "ng-vec"
        };
        assert_eq!(ratio["ours"], ours, "{ratio}");
        let times = ratio["times_faster"].as_f64().unwrap();
        let [low, high] = [0, 1].map(|end| ratio["ci95"][end].as_f64().unwrap());
        assert!(0.0 < low && low <= times && times <= high, "{ratio}");
        assert_eq!(
            ratio["bar"].is_null(),
            ratio["verdict"].is_null(),
            "{ratio}"
        );
    }
}

#[test]
fn a_report_says_how_it_came_to_be() {
    let (report, text) = shared();
    assert_eq!(report["schema"], "ng-bench-peers/1");
    let run = &report["run"];
    assert_eq!(
        (&run["seed"], &run["tokens"]),
        (&SEED.into(), &TOKENS.into())
    );
    assert_eq!(
        (&run["rounds"], &run["interrupted"]),
        (&ROUNDS.into(), &false.into())
    );
    let redb = list(report, "peers")
        .iter()
        .find(|peer| peer["who"] == "redb");
    assert!(redb.unwrap()["versions"]["redb"].is_string());
    for part in [
        "| durable_create | redb-insert ",
        "times as fast",
        "redb (redb 4.",
        "the bars are set for 10000000 tokens",
    ] {
        assert!(text.contains(part), "no {part} in {text}");
    }
}
