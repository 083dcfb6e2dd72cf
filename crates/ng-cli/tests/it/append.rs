//! `ng append`.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use ng_store::{BlockReader, FileWriter};
use ng_token::as_bytes;

use crate::harness::{
    COUNT, Place, command, damage, flip, json, keys, load, ng, this_process, token, tokens,
    wait_for,
};

#[test]
fn records_are_appended_in_one_commit() {
    let place = Place::new();
    let path = place.tokens("a.ngt", 10);
    // Opening to append repeats the newest commit: a generation each time.
    for (count, generation, total) in [
        (COUNT, 3, 10 + COUNT),
        (0, 4, 10 + COUNT),
        (1, 6, 11 + COUNT),
    ] {
        let raw = place.raw("raw", count);
        let told = json(&ng(&[&"append", &path, &"--from", &raw, &"--json"]).ok());
        assert_eq!(
            keys(&told),
            [
                "findings",
                "generation",
                "path",
                "tag",
                "tokens_after",
                "tokens_before"
            ]
        );
        assert_eq!(told["tokens_before"], total - count);
        assert_eq!(told["tokens_after"], total);
        assert_eq!(told["generation"], generation);
    }
    let mut expected = tokens(0..10);
    expected.extend(tokens(0..COUNT));
    expected.push(token(0));
    assert!(load(&path) == expected);
}

#[test]
fn a_tag_is_kept_until_another_is_given() {
    let place = Place::new();
    let path = place.tokens("a.ngt", 10);
    let raw = place.raw("raw", 1);
    let tag = || BlockReader::open(&path).unwrap().info().tag;
    ng(&[&"append", &path, &"--from", &raw]).ok();
    assert_eq!(tag(), 5);
    let told = ng(&[&"append", &path, &"--from", &raw, &"--tag", &"9"]).ok();
    assert_eq!(tag(), 9);
    let expected = "a.ngt: 1 token appended to 11, now 12, generation 5\n";
    assert!(told.ends_with(expected), "{told}");
}

#[test]
fn records_come_from_a_pipe() {
    let place = Place::new();
    let path = place.tokens("a.ngt", 0);
    let raw = place.raw("raw", COUNT);
    let piped = command(&[&"append", &path, &"--from", &"-"])
        .stdin(fs::File::open(&raw).unwrap())
        .output();
    crate::harness::Ran::from(piped.unwrap()).ok();
    assert!(load(&path) == tokens(0..COUNT));
}

#[test]
fn all_is_appended_or_nothing() {
    let place = Place::new();
    let path = place.tokens("a.ngt", 10);
    let raw = place.named("raw");
    let mut records = tokens(0..30_000);
    records[29_999] = records[29_999].with_weight(-1.0);
    fs::write(&raw, ng_token::as_bytes(&records)).unwrap();
    ng(&[&"append", &path, &"--from", &raw, &"--validate"])
        .failed(&["raw: record 29999: weight -1.0"]);
    fs::write(&raw, vec![0; 64 * 20_000 + 9]).unwrap();
    let piped = command(&[&"append", &path, &"--from", &"-"])
        .stdin(fs::File::open(&raw).unwrap())
        .output();
    crate::harness::Ran::from(piped.unwrap())
        .failed(&["standard input: 1280009 bytes, expected a multiple of 64"]);
    let refused = 2;
    assert_eq!(
        BlockReader::open(&path).unwrap().info().generation,
        1 + refused,
        "an opening to append each, and no commit"
    );
    assert_eq!(load(&path), tokens(0..10));
    ng(&[&"verify", &path]).ok();
}

#[test]
fn a_file_that_somebody_appends_to_is_locked() {
    let place = Place::new();
    let path = place.tokens("a.ngt", 10);
    let raw = place.raw("raw", 1);
    let other = FileWriter::open_append(&path).unwrap();
    ng(&[&"append", &path, &"--from", &raw])
        .failed(&["a.ngt: locked by another appender", &this_process()]);
    drop(other);
    ng(&[&"append", &path, &"--from", &raw]).ok();
}

#[test]
fn what_was_mended_is_told() {
    let place = Place::new();
    let path = place.tokens("a.ngt", COUNT);
    let data = crate::harness::data_offset(&path);
    flip(&path, data + 64 * (COUNT as u64 - 1));
    let raw = place.raw("raw", 1);
    let told = ng(&[&"append", &path, &"--from", &raw]).found(0);
    let restored = "tokens from 12352 on restored from the tail image";
    assert!(told.contains(restored), "{told}");
    let mut expected = tokens(0..COUNT);
    expected.push(token(0));
    assert!(load(&path) == expected);
}

/// Appended to itself, a file would grow until the disk is full.
#[test]
fn a_token_file_is_not_taken_for_raw_records() {
    let place = Place::new();
    let path = place.tokens("a.ngt", COUNT);
    let before = fs::read(&path).unwrap();
    ng(&[&"append", &path, &"--from", &path]).failed(&["a.ngt: is a token file, expected raw"]);
    assert_eq!(load(&path).len(), COUNT);
    assert_eq!(&fs::read(&path).unwrap()[..0x10000], &before[..0x10000]);
    let other = place.named("b.ngt");
    ng(&[&"create", &other, &"--from", &path]).failed(&["is a token file"]);
    assert!(!other.exists());
}

#[test]
fn another_number_of_records_than_was_expected_is_refused() {
    let place = Place::new();
    let path = place.tokens("a.ngt", 10);
    let raw = place.raw("raw", COUNT);
    let expected = COUNT.to_string();
    for wrong in ["12387", "12389", "0"] {
        let arguments: [&dyn AsRef<std::ffi::OsStr>; 6] =
            [&"append", &path, &"--from", &raw, &"--expect", &wrong];
        let told = format!("raw: {COUNT} records, expected {wrong}");
        ng(&arguments).failed(&[&told]);
        assert_eq!(load(&path).len(), 10);
        let other = place.named("b.ngt");
        ng(&[&"create", &other, &"--from", &raw, &"--expect", &wrong]).failed(&[&told]);
        assert!(!other.exists());
    }
    ng(&[&"append", &path, &"--from", &raw, &"--expect", &expected]).ok();
    assert_eq!(load(&path).len(), 10 + COUNT);
}

/// The input has no end, and nothing waits for one.
#[test]
fn one_record_more_than_was_expected_ends_it() {
    let place = Place::new();
    let path = place.tokens("a.ngt", 10);
    let length = fs::metadata(&path).unwrap().len();
    let other = place.named("b.ngt");
    let arguments: [&[&dyn AsRef<std::ffi::OsStr>]; 2] = [
        &[&"append", &path, &"--from", &"-", &"--expect", &"5"],
        &[&"create", &other, &"--from", &"-", &"--expect", &"5"],
    ];
    for arguments in arguments {
        let mut child = command(arguments);
        let mut child = child
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(as_bytes(&tokens(0..6))).unwrap();
        wait_for("end", || child.try_wait().unwrap());
        let ran = crate::harness::Ran::from(child.wait_with_output().unwrap());
        ran.failed(&["standard input: at least 6 records, expected 5"]);
    }
    assert_eq!(place.names(), ["a.ngt"]);
    assert!(load(&path) == tokens(0..10));
    // The room that was taken is given back.
    assert_eq!(fs::metadata(&path).unwrap().len(), length);
}

/// What can be known of an input before it is read is checked before the file is touched: a refused
/// append once left room for all of it behind.
#[test]
fn an_input_that_cannot_be_taken_changes_no_byte_of_the_file() {
    let place = Place::new();
    let path = place.tokens("a.ngt", 10);
    let before = fs::read(&path).unwrap();
    let (other, raw) = (place.tokens("b.ngt", COUNT), place.raw("raw", COUNT));
    let odd = place.named("odd");
    fs::write(&odd, vec![0; 64 * COUNT + 1]).unwrap();
    for (from, told) in [
        (&other, "b.ngt: is a token file"),
        (&odd, "odd: 792833 bytes, expected a multiple of 64"),
        (&raw, "raw: 12388 records, expected 5"),
        (&place.named("missing"), "missing: cannot read"),
    ] {
        let made = place.named("c.ngt");
        ng(&[&"append", &path, &"--from", from, &"--expect", &"5"]).failed(&[told]);
        ng(&[&"create", &made, &"--from", from, &"--expect", &"5"]).failed(&[told]);
        assert!(fs::read(&path).unwrap() == before, "{told}");
    }
    assert_eq!(place.names(), ["a.ngt", "b.ngt", "odd", "raw"]);
}

/// No image restores it: its damage is before the last page.
#[test]
fn a_damaged_last_block_is_closed_only_when_asked_and_stays_named() {
    let place = Place::new();
    let path = place.tokens("a.ngt", COUNT);
    let raw = place.raw("raw", 5);
    damage(&path, 3);
    let before = fs::read(&path).unwrap();
    let ways = ["`--damaged-tail` closes that block", "`ng repair FILE NEW`"];
    ng(&[&"append", &path, &"--from", &raw]).failed(&["a.ngt: block 3 at ", ways[0], ways[1]]);
    let refused = ng(&[&"append", &path, &"--from", &raw, &"--json"]);
    assert_eq!(json(&refused.stderr)["kind"], "damaged");
    assert!(fs::read(&path).unwrap() == before);

    let ran = ng(&[&"append", &path, &"--from", &raw, &"--damaged-tail"]);
    let told = "5 tokens appended to 16384, now 16389";
    assert!(ran.stdout.contains(told), "{ran:?}");
    let words = ran.found(0);
    let told = "a.ngt: block 3 damaged; it was filled up and left damaged";
    assert!(words.contains(told), "{words}");
    for _ in 0..2 {
        let words = ng(&[&"verify", &path]).found(1);
        assert!(words.contains("damaged, 1 of 5 blocks bad"), "{words}");
        assert!(words.contains("block 3 (tokens 12288..16384)"), "{words}");
        // Later appends need no option.
        ng(&[&"append", &path, &"--from", &"/dev/null"]).ok();
    }
    let copied = place.named("copied");
    let arguments: [&dyn AsRef<std::ffi::OsStr>; 6] =
        [&"copy", &path, &copied, &"--raw", &"--range", &"16384.."];
    ng(&arguments).ok();
    assert!(fs::read(&copied).unwrap() == as_bytes(&tokens(0..5)));
}

/// The file ends with that block, so that none can follow.
#[test]
fn a_damaged_last_block_that_nothing_can_follow_is_left_to_repair() {
    let place = Place::new();
    let path = place.named("a.ngt");
    let raw = place.raw("raw", 100);
    let arguments: [&dyn AsRef<std::ffi::OsStr>; 6] =
        [&"create", &path, &"--from", &raw, &"--max-tokens", &"200"];
    ng(&arguments).ok();
    damage(&path, 0);
    let ran = ng(&[&"append", &path, &"--from", &raw, &"--damaged-tail"]);
    assert!(!ran.stderr.contains("--damaged-tail"), "{ran:?}");
    ran.failed(&["a.ngt: block 0 at ", "`ng repair FILE NEW` saves the rest"]);
}

/// Another process ignores the lock: writes to a slot, replaces the file, or truncates it, while
/// the records are still to come.
#[test]
fn what_becomes_of_a_file_under_an_append_has_its_own_kind() {
    type Meddle = fn(&Place, &Path);
    for (kind, told, meddle) in [
        (
            "overtaken",
            "another writer is at work, or it was damaged; `ng verify FILE`",
            (|_, path| flip(path, 0x1000 + 600)) as Meddle,
        ),
        ("replaced", "replaced by another file", |place, path| {
            fs::rename(place.tokens("b.ngt", 3), path).unwrap();
        }),
        ("truncated", "truncated to", |_, path| {
            let file = fs::OpenOptions::new().write(true).open(path).unwrap();
            file.set_len(0x10000).unwrap();
        }),
    ] {
        let place = Place::new();
        let path = place.tokens("a.ngt", 10);
        let mut command = command(&[&"append", &path, &"--from", &"-", &"--json"]);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(as_bytes(&tokens(0..1))).unwrap();
        wait_for("appender", || {
            let generation = BlockReader::open(&path).ok()?.info().generation;
            (generation == 2).then_some(())
        });
        meddle(&place, &path);
        drop(stdin);
        let ran = crate::harness::Ran::from(child.wait_with_output().unwrap());
        assert_eq!((ran.code, &*ran.stdout), (Some(1), ""), "{kind} {ran:?}");
        let error = json(&ran.stderr);
        assert_eq!(error["kind"], kind, "{ran:?}");
        assert!(error["error"].as_str().unwrap().contains(told), "{ran:?}");
    }
}
