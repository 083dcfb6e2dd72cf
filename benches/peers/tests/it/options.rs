//! What the command line refuses, and how a run ends.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::tempdir;

use crate::{names, ng_peers};

#[test]
fn bad_values_are_refused_with_option_value_and_what_is_allowed() {
    let tokens = "expected a whole number from 1 to 4G";
    for (option, value, allowed) in [
        ("--tokens", "0", tokens),
        ("--tokens", "-1", tokens),
        ("--tokens", "1.5M", tokens),
        ("--tokens", "5G", tokens),
        ("--tokens", "many", tokens),
        ("--rounds", "0", "1..=1000"),
        ("--seed", "-3", "invalid digit"),
        ("--dir", "file", "expected a folder"),
        ("--dir", "", "expected a folder"),
    ] {
        let folder = tempdir().unwrap();
        fs::write(folder.path().join("file"), "1").unwrap();
        let output = ng_peers(folder.path()).args([option, value]).output();
        let output = output.unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{option} {value}: {stderr}");
        for part in [option, value, allowed] {
            assert!(
                stderr.contains(part),
                "{option} {value}: no {part} in {stderr}"
            );
        }
        assert_eq!(names(folder.path()), ["file"], "{option} {value}");
    }
}

#[test]
fn more_tokens_than_there_is_room_for_end_before_measuring() {
    let folder = tempdir().unwrap();
    let output = ng_peers(folder.path()).args(["--tokens", "4G"]).output();
    let output = output.unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(
        stderr.contains("--tokens 4000000000: nothing fits: needs"),
        "{stderr}"
    );
    assert_eq!(names(&folder.path().join("out")), Vec::<String>::new());
}

#[test]
fn a_file_that_cannot_be_written_is_named_before_measuring() {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("file"), "1").unwrap();
    let output = ng_peers(folder.path())
        .args(["--out", "file/x.json"])
        .output();
    let output = output.unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("file/x.json: expected a file"), "{stderr}");
}

#[test]
fn an_interrupt_ends_the_run_and_keeps_what_was_measured() {
    let folder = tempdir().unwrap();
    let mut program = ng_peers(folder.path());
    program.args(["--tokens", "1000", "--rounds", "1000"]);
    let child = program.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let mut child = child.unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut lines = lines.map(Result::unwrap);
    assert!(lines.any(|line| line.starts_with("round 1 of 1000: ")));
    let interrupted = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(interrupted.unwrap().success());
    lines.for_each(drop);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(names(&folder.path().join("out")), ["peers.json"]);
    let text = fs::read_to_string(folder.path().join("out/peers.json")).unwrap();
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["run"]["interrupted"], true);
    assert!(!report["rows"].as_array().unwrap().is_empty());
}
