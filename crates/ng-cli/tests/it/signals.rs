//! Ctrl-C, and the signals that mean the same.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::harness::{COUNT, Place, command, load, names, ng, signal, tokens, wait_for};

/// Waits until a new file is being written in the folder, which the program must remove.
fn wait_for_temporary_file(folder: &Path) {
    wait_for("temporary file", || {
        let names = names(folder);
        names
            .iter()
            .any(|name| name.starts_with(".ng-tmp-"))
            .then_some(())
    });
}

fn assert_interrupted(child: Child) {
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(told, "error: interrupted\n");
    assert!(output.stdout.is_empty());
}

/// A run whose input stays open.
fn waiting(arguments: &[&dyn AsRef<std::ffi::OsStr>]) -> Child {
    command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn a_create_that_waits_for_its_input_ends_and_leaves_no_file() {
    for name in ["INT", "TERM", "HUP"] {
        let place = Place::new();
        let path = place.named("a.ngt");
        let mut child = waiting(&[&"create", &path, &"--from", &"-"]);
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(&[0; 100]).unwrap();
        wait_for_temporary_file(place.path());
        signal(child.id(), name);
        assert_interrupted(child);
        drop(stdin);
        assert!(place.names().is_empty(), "{:?}", place.names());
    }
}

#[test]
fn a_create_that_waits_for_somebody_to_open_its_pipe_ends_too() {
    let place = Place::new();
    let out = tempfile::tempdir().unwrap();
    let fifo = place.named("fifo");
    assert!(
        Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    let child = waiting(&[&"create", &out.path().join("a.ngt"), &"--from", &fifo]);
    wait_for_temporary_file(out.path());
    signal(child.id(), "INT");
    assert_interrupted(child);
    assert!(names(out.path()).is_empty());
}

#[test]
fn an_append_that_waits_for_its_input_ends_and_appends_nothing() {
    let place = Place::new();
    let path = place.tokens("a.ngt", COUNT);
    let mut child = waiting(&[&"append", &path, &"--from", &"-"]);
    let mut stdin = child.stdin.take().unwrap();
    // More than the pipes buffer, so that some of it was written.
    stdin.write_all(&vec![0; 8 << 20]).unwrap();
    signal(child.id(), "INT");
    assert_interrupted(child);
    drop(stdin);
    assert!(load(&path) == tokens(0..COUNT));
}

#[test]
fn a_copy_whose_reader_does_not_read_ends() {
    let place = Place::new();
    let path = place.tokens("a.ngt", COUNT);
    let mut child = waiting(&[&"copy", &path, &"-", &"--raw"]);
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0]).unwrap();
    signal(child.id(), "INT");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(told, "error: interrupted\n");
}

/// How often work is repeated that finished before the signal.
const ATTEMPTS: usize = 10;

/// Interrupts a run that works in `folder`, and tells whether that ended it. It leaves a whole file
/// or none.
fn interrupted(arguments: &[&str], source: &Path) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let arguments = arguments.iter().map(|&word| match word {
        "SOURCE" => source.as_os_str(),
        "OUT" => out.as_os_str(),
        word => word.as_ref(),
    });
    let mut child = Command::new(env!("CARGO_BIN_EXE_ng"))
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_for("file", || (!names(folder.path()).is_empty()).then_some(()));
    signal(child.id(), "INT");
    match child.wait().unwrap().code() {
        Some(130) => {
            assert!(names(folder.path()).is_empty(), "a file is left");
            true
        }
        Some(0) => {
            let length = File::open(&out).unwrap().metadata().unwrap().len();
            assert!(length >= 64 * 4_000_000, "{length} bytes");
            assert_eq!(names(folder.path()), ["out"]);
            false
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn work_under_way_ends_and_leaves_no_file() {
    let place = Place::new();
    let source = place.named("source.ngt");
    ng(&[&"create", &source, &"--tokens", &"4M", &"-q"]).ok();
    for arguments in [
        &["create", "OUT", "--tokens", "4M"][..],
        &["copy", "SOURCE", "OUT"],
        &["copy", "SOURCE", "OUT", "--raw"],
        &["repair", "SOURCE", "OUT"],
    ] {
        let ended = (0..ATTEMPTS).any(|_| interrupted(arguments, &source));
        assert!(ended, "{arguments:?} went on {ATTEMPTS} times");
    }
}

#[test]
fn an_interrupt_is_told_as_json() {
    let place = Place::new();
    let path = place.named("a.ngt");
    let mut child = waiting(&[&"create", &path, &"--from", &"-", &"--json"]);
    let _stdin = child.stdin.take().unwrap();
    wait_for_temporary_file(place.path());
    signal(child.id(), "INT");
    let output = child.wait_with_output().unwrap();
    let told = crate::harness::json(&String::from_utf8(output.stderr).unwrap());
    assert_eq!(told["kind"], "interrupted");
}
