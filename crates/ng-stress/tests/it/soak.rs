//! `ng-stress soak`: a few seconds, and its ways to end.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{assert_holds_schema, data_folder, ng_stress, read_report, schema};
#[cfg(target_os = "linux")]
use crate::harness::{signal, wait_for};

fn soak(out: &Path, dir: &Path, arguments: &[&str]) -> Command {
    let mut soak = ng_stress();
    soak.arg("soak").args(arguments).arg("--out").arg(out);
    soak.arg("--dir").arg(dir);
    soak
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn entries(dir: &Path) -> usize {
    fs::read_dir(dir).unwrap().count()
}

fn rows(report: &Value) -> &Vec<Value> {
    report["soak"]["rows"].as_array().unwrap()
}

fn assert_schema_refuses_half(report: &Value) {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    for key in ["seconds", "response_ns", "disk_bytes"] {
        let mut half = report.clone();
        let row = half["soak"]["rows"][0].as_object_mut().unwrap();
        row.remove(key);
        assert!(!validator.is_valid(&half), "{key}");
    }
}

#[test]
fn a_few_seconds_leave_a_row_a_second_new_files_and_a_clean_verification() {
    let (out, dir) = (TempDir::new().unwrap(), data_folder());
    let arguments = ["--time", "3s", "--tokens", "100k", "--seed", "7"];
    let output = soak(out.path(), dir.path(), &arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let report = read_report(out.path());
    assert_holds_schema(&report);
    assert_schema_refuses_half(&report);
    let soak = &report["soak"];
    assert_eq!(
        (&soak["ended_clean"], &soak["failed"]),
        (&true.into(), &Value::Null)
    );
    assert_eq!(report["run"]["seed"], 7);
    let rate = soak["rate"].as_f64().unwrap();
    let capacity = soak["capacity"].as_f64().unwrap();
    assert!(
        (rate - capacity / 2.0).abs() < 1e-6 * rate,
        "{rate} of {capacity}"
    );
    // A disturbed machine may merge two rows, but not lose an operation.
    let rows = rows(&report);
    assert!((1..=3).contains(&rows.len()), "{} rows", rows.len());
    let mut sums = [0; 2];
    for row in rows {
        let kinds = row["kinds"].as_array().unwrap();
        let of_kinds: u64 = kinds
            .iter()
            .map(|kind| kind["operations"].as_u64().unwrap())
            .sum();
        assert_eq!(row["operations"], of_kinds);
        sums[0] += of_kinds;
        let service = row["service_ns"]["p50"].as_f64().unwrap();
        let response = row["response_ns"]["p50"].as_f64().unwrap();
        assert!(0.0 < service && service <= response, "{row}");
        assert!(row["disk_bytes"].as_u64().unwrap() > 64 * row["items"].as_u64().unwrap());
        assert!(row["items"].as_u64().unwrap() <= 100_000);
        if cfg!(target_os = "linux") {
            let private = row["private_bytes"].as_u64().unwrap();
            assert!(row["resident_bytes"].as_u64().unwrap() >= private && private > 0);
            assert!(row["faults"].is_u64());
        }
    }
    let kinds = soak["kinds"].as_array().unwrap();
    let names: Vec<&str> = kinds
        .iter()
        .map(|kind| kind["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["lookup", "append", "scan", "commit", "reopen"]);
    sums[1] = kinds
        .iter()
        .map(|kind| kind["operations"].as_u64().unwrap())
        .sum();
    assert_eq!(sums[0], sums[1]);
    let events = soak["events"].as_array().unwrap();
    assert_eq!(events.last().unwrap()["what"], "verified");
    assert!(events.iter().all(|event| event["wrong"].is_null()));
    // The log and the table have the rows too.
    let log = fs::read_to_string(out.path().join("results.jsonl")).unwrap();
    let said: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let said_rows: Vec<&Value> = said.iter().filter_map(|said| said.get("row")).collect();
    assert_eq!(said_rows, rows.iter().collect::<Vec<_>>());
    assert_eq!(said.last().unwrap(), "ended");
    let table = fs::read_to_string(out.path().join("soak.csv")).unwrap();
    assert_eq!(table.lines().count(), rows.len() + 1);
    assert!(table.starts_with("seconds,") && table.contains(",tokens,"));
    let markdown = fs::read_to_string(out.path().join("report.md")).unwrap();
    for part in [
        "## Soak\n",
        "## Soak: the run",
        "the last at the end: clean",
        "| commit |",
    ] {
        assert!(markdown.contains(part), "no {part} in {markdown}");
    }
    // Nothing that only cells have.
    for part in ["A/A", "Limits", "rounds"] {
        assert!(!markdown.contains(part), "{part} in {markdown}");
    }
    assert_eq!(entries(dir.path()), 0);
}

#[test]
fn a_file_that_is_full_is_followed_by_a_new_one() {
    let (out, dir) = (TempDir::new().unwrap(), data_folder());
    let arguments = ["--time", "2s", "--tokens", "2k", "--rate", "1k"];
    let output = soak(out.path(), dir.path(), &arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let report = read_report(out.path());
    assert_holds_schema(&report);
    assert_eq!(report["soak"]["rate"], 1000.0);
    let files = rows(&report).last().unwrap()["file"].as_u64().unwrap();
    assert!(files >= 2, "{files} files");
    let events = report["soak"]["events"].as_array().unwrap();
    let renewed = events.iter().find(|event| event["what"] == "renewed");
    assert_eq!(renewed.unwrap()["reason"], "2000 tokens");
    assert!(rows(&report)[0]["items"].as_u64().unwrap() <= 2000);
}

#[test]
fn a_soak_on_a_dataset_agrees_with_its_model_to_the_end() {
    let (out, dir) = (TempDir::new().unwrap(), data_folder());
    let arguments = [
        "--on", "dataset", "--time", "3s", "--tokens", "50k", "--rate", "200", "--seed", "7",
    ];
    let output = soak(out.path(), dir.path(), &arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let report = read_report(out.path());
    assert_holds_schema(&report);
    let soak = &report["soak"];
    assert_eq!(
        (&soak["on"], &soak["ended_clean"]),
        (&"dataset".into(), &true.into())
    );
    let kinds = soak["kinds"].as_array().unwrap();
    let done = |name: &str| {
        let mut kinds = kinds.iter();
        let kind = kinds.find(|kind| kind["name"] == name).unwrap();
        kind["operations"].as_u64().unwrap()
    };
    assert!(done("append") > 0 && done("scan") > 0 && done("follow") > 0);
    for row in rows(&report) {
        // Eight shards of a block each, and a tail.
        assert!(row["items"].as_u64().unwrap() <= 9 * 4096, "{row}");
        if cfg!(target_os = "linux") {
            assert!(row["open_files"].as_u64().unwrap() > 3, "{row}");
        }
    }
    let slopes = soak["slopes"].as_array().unwrap();
    assert!(slopes.iter().any(|slope| slope["figure"] == "disk_bytes"));
    assert_eq!(entries(dir.path()), 0);
}

#[test]
fn bad_options_are_refused_with_what_is_expected() {
    for (arguments, expected) in [
        (["--on", "tape"], "possible values: file, dataset"),
        (["--time", "soon"], "seconds, minutes or hours"),
        (["--tokens", "999"], "from 1k to 64G"),
        (["--rate", "0"], "from 1 to 10M"),
        (["--seed", "-3"], "invalid digit"),
    ] {
        let folder = TempDir::new().unwrap();
        let out = folder.path().join("out");
        let output = soak(&out, folder.path(), &arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains(expected), "{}", stderr(&output));
        assert!(!out.exists());
    }
}

#[test]
fn malformed_jobs_are_refused() {
    for (job, expected) in [
        ("{}", "soak: unreadable job"),
        (
            r#"{"protocol":9,"reply_fd":1,"dir":"/","most_items":1,"plan":{"time":{"secs":1,"nanos":0},"row":{"secs":1,"nanos":0},"rate":{"per_second":1.0},"verify_every":{"secs":1,"nanos":0},"seed":1}}"#,
            "protocol 9, expected 1",
        ),
    ] {
        let output = ng_stress().args(["__soak", job]).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains(expected), "{}", stderr(&output));
    }
}

/// A soak of minutes that has written its first rows.
#[cfg(target_os = "linux")]
fn long_soak(out: &Path, dir: &Path) -> Child {
    let arguments = ["--time", "5m", "--tokens", "100k", "--rate", "2k"];
    let child = soak(out, dir, &arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = || fs::read_to_string(out.join("soak.csv")).map_or(0, |text| text.lines().count());
    wait_for("rows", || (lines() >= 3).then_some(()));
    child
}

#[test]
#[cfg(target_os = "linux")]
fn ctrl_c_keeps_the_record_and_exits_130() {
    let (out, dir) = (TempDir::new().unwrap(), data_folder());
    let run = long_soak(out.path(), dir.path());
    signal(run.id(), "INT");
    let output = run.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    assert!(stderr(&output).contains("interrupted: the report holds"));
    let report = read_report(out.path());
    assert_holds_schema(&report);
    assert_eq!(report["run"]["interrupted"], true);
    assert_eq!(report["soak"]["ended_clean"], false);
    assert!(rows(&report).len() >= 2);
    let table = fs::read_to_string(out.path().join("soak.csv")).unwrap();
    assert_eq!(table.lines().count(), rows(&report).len() + 1);
    assert_eq!(entries(dir.path()), 0);
}

#[test]
#[cfg(target_os = "linux")]
fn a_worker_that_dies_fails_the_soak_and_leaves_its_rows() {
    let (out, dir) = (TempDir::new().unwrap(), data_folder());
    let run = long_soak(out.path(), dir.path());
    let children = format!("/proc/{0}/task/{0}/children", run.id());
    let worker = fs::read_to_string(children).unwrap();
    signal(worker.trim().parse().unwrap(), "KILL");
    let output = run.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let report = read_report(out.path());
    assert_holds_schema(&report);
    assert_eq!(report["soak"]["failed"], "worker killed by signal 9");
    assert!(rows(&report).len() >= 2);
    assert_eq!(entries(dir.path()), 0);
}

/// Overwrites the ids of tokens during the soak.
#[test]
#[cfg(target_os = "linux")]
fn a_wrong_token_ends_the_soak_with_exit_code_1() {
    use std::os::unix::fs::FileExt;

    let (out, dir) = (TempDir::new().unwrap(), data_folder());
    let run = long_soak(out.path(), dir.path());
    let folder = fs::read_dir(dir.path()).unwrap().next().unwrap().unwrap();
    let path = folder.path().join("worker/tokens");
    let mut head = [0; 8];
    let file = fs::File::options()
        .read(true)
        .write(true)
        .open(path)
        .unwrap();
    file.read_exact_at(&mut head, 72).unwrap();
    let first_token = u64::from_le_bytes(head);
    // The first page of tokens, which the next scans and lookups read.
    for token in 0..64 {
        file.write_all_at(&[0xFF; 4], first_token + 64 * token + 48)
            .unwrap();
    }
    let output = run.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let report = read_report(out.path());
    assert_holds_schema(&report);
    let failed = report["soak"]["failed"].as_str().unwrap();
    assert!(
        failed.contains("wrong: file") || failed.contains("blocks"),
        "{failed}"
    );
}
