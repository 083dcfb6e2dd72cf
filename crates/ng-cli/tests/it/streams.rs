//! Tokens through pipes.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use crate::harness::{
    COUNT, Place, command, load, names, peak_bytes, tokens, wait_for, wait_until_it_waits,
};

const MIB: usize = 1 << 20;

#[test]
fn a_copy_to_a_pipe_and_a_file_from_a_pipe_have_equal_tokens() {
    let place = Place::new();
    let path = place.tokens("a.ngt", COUNT);
    let script = "\"$0\" copy a.ngt - --raw --quiet | \"$0\" create b.ngt --from - --quiet";
    let output = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_ng")])
        .current_dir(place.path())
        .output()
        .unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
    assert!(load(&place.named("b.ngt")) == tokens(0..COUNT));
    assert!(load(&path) == tokens(0..COUNT));
}

#[test]
fn a_reader_that_has_seen_enough_ends_it_quietly() {
    let place = Place::new();
    let path = place.tokens("a.ngt", 20 * 4096);
    for arguments in [
        &["copy", "-", "--raw"][..],
        &["head", "-n", "50k"],
        &["head", "-n", "50k", "--json"],
    ] {
        let mut child = command(&[&arguments[0], &path]);
        let mut child = child
            .args(&arguments[1..])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut start = [0; 64];
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_exact(&mut start).unwrap();
        drop(stdout);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(output.stderr.is_empty(), "{output:?}");
    }
}

/// 256 MiB go out through a pipe, and little of that is ever in memory.
#[test]
fn copying_takes_the_same_memory_for_any_file() {
    let place = Place::new();
    let path = place.named("a.ngt");
    crate::harness::ng(&[&"create", &path, &"--tokens", &"4M", &"-q"]).ok();
    let mut child = command(&[&"copy", &path, &"-", &"--raw", &"--threads", &"2"]);
    let mut child = child
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut buffer = vec![0; MIB];
    for _ in 0..2_000_000 * 64 / MIB {
        stdout.read_exact(&mut buffer).unwrap();
    }
    // The rest blocks it, after it has read ahead as far as it does.
    wait_until_it_waits(child.id());
    let peak = peak_bytes(child.id());
    stdout.read_to_end(&mut buffer).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(peak < 64 << 20, "{peak} bytes");
}

/// 128 MiB come in through a pipe, and little of that is ever in memory.
#[test]
fn creating_from_a_pipe_takes_the_same_memory_for_any_input() {
    let place = Place::new();
    let path = place.named("a.ngt");
    let mut child = command(&[&"create", &path, &"--from", &"-", &"-q"]);
    let mut child = child.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let records = vec![0; MIB];
    for _ in 0..128 {
        stdin.write_all(&records).unwrap();
    }
    let peak = peak_bytes(child.id());
    drop(stdin);
    assert!(child.wait().unwrap().success());
    assert!(peak < 48 << 20, "{peak} bytes");
    assert_eq!(load(&path).len(), 128 * MIB / 64);
}

/// A file has its temporary name while it is written, and no other.
#[test]
fn a_file_gets_its_name_when_it_is_whole() {
    let place = Place::new();
    let path = place.named("a.ngt");
    let mut child = command(&[&"create", &path, &"--from", &"-"]);
    let mut child = child
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&vec![0; 3 * MIB]).unwrap();
    let seen = wait_for("temporary file", || names(place.path()).pop());
    assert!(seen.starts_with(".ng-tmp-"), "{seen}");
    assert!(!path.exists());
    drop(stdin);
    assert!(child.wait().unwrap().success());
    assert_eq!(place.names(), ["a.ngt"]);
}
