use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Stdio};

use ng_dataset::Dataset;
use ng_token::as_bytes;

use super::{dataset, load, made_of, shards};
use crate::harness::{COUNT, Place, command, json, keys, signal, tokens, wait_for};

/// An append whose input stays open.
fn waiting(path: &Path, rest: &[&str]) -> Child {
    command(&[&"dataset", &"append", &path])
        .args(rest)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits until readers see a number of tokens.
fn wait_for_tokens(path: &Path, count: u64) {
    wait_for("tokens", || {
        let dataset = Dataset::open(path).ok()?;
        let snapshot = dataset.snapshot().ok()?;
        (snapshot.len() == count).then_some(())
    });
}

#[test]
fn a_stream_is_cut_into_shards() {
    let place = Place::new();
    let path = place.named("a.ngd");
    dataset(&[&"create", &path]).ok();
    let mut child = waiting(&path, &["--roll", "4096", "--json"]);
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(as_bytes(&tokens(0..COUNT))).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let told = json(&String::from_utf8(output.stdout).unwrap());
    assert_eq!(
        keys(&told),
        ["closed_tails", "generation", "path", "tokens"]
    );
    assert_eq!(told["tokens"], COUNT);
    let whole = (4096, false);
    assert_eq!(shards(&path), [whole, whole, whole, (100, false)]);
    assert!(load(&path) == tokens(0..COUNT));
}

#[test]
fn what_other_tools_and_verbs_write_is_appended_too() {
    let place = Place::new();
    let (file, path) = (place.tokens("a.ngt", COUNT), place.named("a.ngd"));
    let expected = [&tokens(0..COUNT)[..]; 6].concat();
    for name in ["a.csv", "a.parquet", "a.arrow"] {
        crate::harness::ng(&[&"export", &file, &place.named(name)]).ok();
        let told = dataset(&[&"append", &path, &place.named(name), &"--create"]).ok();
        assert!(told.contains("12388 tokens appended, durable"), "{told}");
    }
    dataset(&[
        &"append", &path, &file, &"--roll", &"1MiB", &"--roll", &"10m",
    ])
    .ok();
    dataset(&[&"append", &path, &"--from", &place.raw("raw", COUNT)]).ok();
    let mut child = waiting(&path, &["-", "--format", "csv"]);
    let mut stdin = child.stdin.take().unwrap();
    stdin
        .write_all(&fs::read(place.named("a.csv")).unwrap())
        .unwrap();
    drop(stdin);
    assert!(child.wait().unwrap().success());
    assert!(load(&path) == expected);
    let made = place.named("b.ngd");
    let told = dataset(&[
        &"create", &made, &"--from", &file, &"--roll", &"8192", &"--json",
    ])
    .ok();
    assert_eq!(json(&told)["tokens"], COUNT);
    assert!(load(&made) == tokens(0..COUNT));
}

/// Readers need not wait until a pipe is full, or closed.
#[test]
fn a_token_is_seen_soon_after_it_came() {
    let place = Place::new();
    let path = place.named("a.ngd");
    for (rest, count) in [
        (&["--create", "--commit-every", "10ms"][..], 3),
        (&["--commit-every", "5"], 5),
        // A second without any option.
        (&[], 1),
    ] {
        let before = if path.exists() { load(&path).len() } else { 0 };
        let mut child = waiting(&path, rest);
        let mut stdin = child.stdin.take().unwrap();
        // A record in two pieces is one record.
        let some = tokens(0..count);
        let (first, second) = as_bytes(&some).split_at(40);
        stdin.write_all(first).unwrap();
        stdin.write_all(second).unwrap();
        wait_for_tokens(&path, (before + count) as u64);
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
        assert!(shards(&path).iter().all(|(_, is_open)| !is_open));
    }
}

#[test]
fn an_interrupt_commits_what_came_and_seals_the_tail() {
    for name in ["INT", "TERM"] {
        let place = Place::new();
        let path = place.named("a.ngd");
        let mut child = waiting(&path, &["--create", "--commit-every", "3"]);
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(as_bytes(&tokens(0..3))).unwrap();
        wait_for_tokens(&path, 3);
        signal(child.id(), name);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{output:?}");
        assert_eq!(output.stderr, b"error: interrupted\n");
        let told = String::from_utf8(output.stdout).unwrap();
        assert!(told.contains("3 tokens appended, durable"), "{told}");
        drop(stdin);
        assert_eq!(shards(&path), [(3, false)]);
    }
}

#[test]
fn the_next_writer_closes_the_tail_of_one_that_was_killed() {
    let place = Place::new();
    let path = place.named("a.ngd");
    let mut child = waiting(&path, &["--create", "--commit-every", "3"]);
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(as_bytes(&tokens(0..3))).unwrap();
    wait_for_tokens(&path, 3);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(shards(&path), [(3, true)]);
    let told = dataset(&[&"append", &path, &place.raw("raw", 5)]).ok();
    assert!(told.contains("1 tail closed that writers left"), "{told}");
    assert_eq!(shards(&path), [(3, false), (5, false)]);
    assert!(load(&path) == [tokens(0..3), tokens(0..5)].concat());
}

#[test]
fn writers_do_not_disturb_each_other() {
    let place = Place::new();
    let path = made_of(&place, "a.ngd", &[], "4096");
    let mut children: Vec<Child> = (0..3)
        .map(|_| waiting(&path, &["--roll", "4096", "--commit-every", "1000"]))
        .collect();
    for (writer, child) in children.iter_mut().enumerate() {
        let mut stdin = child.stdin.take().unwrap();
        let from = writer * COUNT;
        stdin
            .write_all(as_bytes(&tokens(from..from + COUNT)))
            .unwrap();
    }
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    let mut found: Vec<u32> = load(&path).iter().map(|token| token.id().raw()).collect();
    found.sort_unstable();
    assert!(found == (0..3 * COUNT as u32).collect::<Vec<_>>());
}

/// What came before it stays, and is told.
#[test]
fn an_input_that_goes_wrong_ends_the_stream_with_what_came() {
    let place = Place::new();
    let path = place.named("a.ngd");
    dataset(&[&"create", &path]).ok();
    let mut child = waiting(&path, &[]);
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(as_bytes(&tokens(0..9))).unwrap();
    stdin.write_all(&[1; 63]).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let expected = "error: standard input: 639 bytes, expected a multiple of 64\n";
    assert_eq!(told, expected);
    assert!(String::from_utf8_lossy(&output.stdout).contains("9 tokens appended, durable"));
    assert!(load(&path) == tokens(0..9));
    let bad = place.named("bad");
    let invalid = [
        tokens(0..1),
        vec![ng_token::Token::new(1).with_timestamp(u32::MAX)],
    ]
    .concat();
    fs::write(&bad, as_bytes(&invalid)).unwrap();
    let ran = dataset(&[&"append", &path, &bad, &"--validate"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.contains("bad: record 1: timestamp"), "{ran:?}");
}

#[test]
fn amounts_and_inputs_that_make_no_sense_are_refused_and_nothing_is_created() {
    let place = Place::new();
    let path = place.named("a.ngd");
    for rest in [
        &[&"--roll" as &dyn AsRef<OsStr>, &"4MB"][..],
        &[&"--roll", &"0"],
        &[&"--commit-every", &"often"],
        &[&"--retain", &"5"],
        &[&"--retain", &"0", &"shards"],
        &[&"raw", &"--from", &"raw"],
        &[&"--format", &"xls"],
        &[&"raw", &"--raw"],
    ] {
        let arguments = [&[&"append" as &dyn AsRef<OsStr>, &path, &"--create"], rest].concat();
        let told = dataset(&arguments).found(2);
        assert!(told.starts_with("error: "), "{told}");
    }
    dataset(&[&"create", &path, &"--roll", &"4M"]).found(2);
    dataset(&[&"append", &path, &place.raw("raw", 5)]).failed(&["a.ngd: cannot open the folder"]);
    let missing = place.named("missing");
    dataset(&[&"append", &path, &missing, &"--create"]).failed(&["missing: cannot read"]);
    assert_eq!(place.names(), ["raw"]);
}
