//! Files that became too short.

use std::fs::OpenOptions;
use std::io::Read;
use std::path::Path;
use std::process::Stdio;

use crate::harness::{BLOCK, COUNT, Place, Ran, command, data_offset, json, load, ng, tokens};

fn cut_to(path: &Path, length: u64) {
    let file = OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(length).unwrap();
}

/// The program waits for its reader, and has read at most a few MiB to copy them, and one block to
/// show it.
#[test]
fn a_file_that_is_cut_while_it_is_read_is_told_with_both_lengths() {
    let place = Place::new();
    for (blocks, arguments) in [
        (100, &["copy", "-", "--raw", "--threads", "1"][..]),
        (4, &["head", "-n", "1M"]),
        (4, &["head", "-n", "1M", "--json"]),
    ] {
        let count = blocks * BLOCK;
        let path = place.tokens(&arguments.len().to_string(), count);
        let need = data_offset(&path) + 64 * count as u64;
        let have = need - 64 * BLOCK as u64;
        let mut command = command(&[&arguments[0], &path]);
        let command = command.args(&arguments[1..]).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        cut_to(&path, have);
        let ran: Ran = child.wait_with_output().unwrap().into();
        assert_eq!(ran.code, Some(1), "{arguments:?}");
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
        let told = format!("the file is now {have} bytes long, the commit needs {need}");
        assert_eq!(ran.stderr.matches(&told).count(), 1, "{}", ran.stderr);
        assert!(
            ran.stderr.contains("`ng repair FILE NEW`"),
            "{}",
            ran.stderr
        );
        if arguments.contains(&"--json") {
            assert_eq!(json(&ran.stderr)["kind"], "truncated");
        }
    }
}

#[test]
fn repair_tells_both_lengths_once_and_all_that_is_lost() {
    let place = Place::new();
    let path = place.tokens("a.ngt", COUNT);
    let need = data_offset(&path) + 64 * COUNT as u64;
    let have = data_offset(&path) + 64 * BLOCK as u64;
    cut_to(&path, have);
    let told = format!("{have} bytes long, expected {need} or more; `ng repair FILE NEW`");
    ng(&[&"verify", &path]).failed(&[&told]);
    let out = place.named("out");
    let words = ng(&[&"repair", &path, &out]).found(1);
    let told = format!("the file is now {have} bytes long, the commit needs {need}");
    assert_eq!(words.matches(&told).count(), 1, "{words}");
    let block = "block 1 (tokens 4096..8192) at 0x240000: the file ends before the tokens do\n";
    assert!(words.contains(block), "{words}");
    assert!(
        words.contains("lost: tokens 4096..12388, blocks 1..4"),
        "{words}"
    );
    assert!(load(&out)[..BLOCK] == tokens(0..BLOCK));
    let told = json(&ng(&[&"repair", &path, &out, &"--replace", &"--json"]).bad());
    assert_eq!(told["cut"]["length"], have);
    assert_eq!(told["cut"]["needed"], need);
}
