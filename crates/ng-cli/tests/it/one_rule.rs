//! What `head`, `copy` and `export` give of a damaged file: one rule for all.

use std::fs;
use std::io::Read;
use std::process::Stdio;

use ng_token::as_bytes;

use crate::harness::{
    BLOCK, COUNT, Place, Ran, TABLE, command, damage, data_offset, flip, json, keys, load, ng,
    tokens,
};

/// Asks for a block and a half from token `first` on, by `head`, in both ways by `copy`, and by
/// `export`, with `extra`.
fn delivered(place: &Place, first: usize, extra: &[&str]) -> [Ran; 4] {
    let end = first + 3 * BLOCK / 2;
    let (from, count) = (first.to_string(), (end - first).to_string());
    let range = format!("{first}..{end}");
    [
        &["head", "a.ngt", "--from", &from, "-n", &count][..],
        &["copy", "a.ngt", "out.ngt", "--range", &range, "--replace"],
        &[
            "copy",
            "a.ngt",
            "out.raw",
            "--range",
            &range,
            "--raw",
            "--replace",
        ],
        &["export", "a.ngt", "out.csv", "--range", &range, "--replace"],
    ]
    .map(|arguments| {
        let mut command = command(&[]);
        let command = command
            .args(arguments)
            .args(extra)
            .current_dir(place.path());
        command.output().unwrap().into()
    })
}

/// Checks that the copies of [`delivered`] have their tokens.
fn assert_copied(place: &Place, first: usize) {
    let expected = tokens(first..first + 3 * BLOCK / 2);
    assert!(load(&place.named("out.ngt")) == expected);
    assert!(fs::read(place.named("out.raw")).unwrap() == as_bytes(&expected));
    let lines = fs::read_to_string(place.named("out.csv")).unwrap();
    assert_eq!(lines.lines().count(), 1 + expected.len());
}

/// `copy` once refused every block of a file for one bad entry, and `head` gave them without a
/// word.
#[test]
fn a_bad_table_entry_costs_its_block_and_warns_with_all_others() {
    let place = Place::new();
    let path = place.tokens("a.ngt", 6 * BLOCK);
    flip(&path, TABLE + 8 * 4);
    for ran in delivered(&place, 100, &[]) {
        assert!(!ran.stdout.is_empty(), "{ran:?}");
        let found = ran.found(1);
        let warning = "warning: a.ngt: the block table is not the one that was committed";
        assert!(found.starts_with(warning), "{found}");
        assert!(found.contains("\nnext: `ng verify FILE`"), "{found}");
        assert!(found.contains("`ng repair FILE NEW`"), "{found}");
    }
    assert_copied(&place, 100);
    for ran in delivered(&place, 3 * BLOCK, &[]) {
        let found = ran.found(1);
        assert!(found.contains("error: a.ngt: block 4 at "), "{found}");
    }
}

#[test]
fn a_table_that_was_not_committed_is_told_as_json_too() {
    let place = Place::new();
    let path = place.tokens("a.ngt", 6 * BLOCK);
    flip(&path, TABLE + 8 * 4);
    let [head, copy, raw, csv] = delivered(&place, 0, &["--json"]);
    assert_eq!(head.stdout.lines().count(), 3 * BLOCK / 2);
    let told = json(&head.found(1));
    assert_eq!(keys(&told), ["findings", "path", "table_matches"]);
    assert_eq!(told["table_matches"], false);
    for ran in [copy, raw, csv] {
        assert_eq!(json(&ran.bad())["table_matches"], false);
    }
}

/// Whether the tokens are read to their end or not.
#[test]
fn a_reader_that_has_seen_enough_does_not_make_a_bad_table_good() {
    let place = Place::new();
    let path = place.tokens("a.ngt", 20 * BLOCK);
    flip(&path, TABLE + 8 * 19);
    for arguments in [
        &["copy", "-", "--raw"][..],
        &["export", "-", "--format", "csv"],
        &["head", "-n", "50k"],
    ] {
        let mut command = command(&[&arguments[0], &path]);
        let command = command.args(&arguments[1..]).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_exact(&mut [0; 64]).unwrap();
        drop(stdout);
        assert_eq!(child.wait().unwrap().code(), Some(1), "{arguments:?}");
    }
}

#[test]
fn a_restorable_end_is_given_and_told() {
    let place = Place::new();
    let path = place.tokens("a.ngt", COUNT);
    flip(&path, data_offset(&path) + 64 * (COUNT as u64 - 1));
    let first = COUNT - 3 * BLOCK / 2;
    let told = "opening for append restores it";
    for ran in delivered(&place, first, &[]) {
        let found = ran.found(0);
        assert!(found.contains(told), "{found}");
        assert_eq!(found.lines().count(), 1, "{found}");
    }
    assert_copied(&place, first);
    let [head, copy, _, csv] = delivered(&place, first, &["--json"]);
    for text in [head.found(0), copy.ok(), csv.ok()] {
        let told_there = json(&text)["findings"][0].to_string();
        assert!(told_there.contains(told), "{text}");
    }
    // It does.
    ng(&[&"append", &path, &"--from", &"/dev/null"]).found(0);
    for ran in delivered(&place, first, &[]) {
        ran.ok();
    }
}

#[test]
fn bad_blocks_elsewhere_are_not_looked_at() {
    let place = Place::new();
    let path = place.tokens("a.ngt", COUNT);
    damage(&path, 2);
    // The last one, for which no image is left.
    damage(&path, 3);
    for ran in delivered(&place, 0, &[]) {
        ran.ok();
    }
}
