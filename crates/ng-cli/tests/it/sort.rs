//! `ng sort`.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use ng_token::{Space, Token};

use crate::harness::{
    BLOCK, COUNT, Place, command, damage, flip, json, keys, load, ng, signal, sort, wait_for,
};

/// The least memory that one and two threads accept.
const LEAST: &str = "68M";

/// More than that holds.
const MANY: usize = 300_000;

/// A file of tokens in no order of id, time, weight or place; ids are all different.
fn shuffled(place: &Place, name: &str, count: usize) -> Vec<Token> {
    let token = |index: usize| {
        let mixed = (index as u32).wrapping_mul(2_654_435_761);
        let steps = [mixed as i16, (mixed >> 8) as i16, (mixed >> 16) as i16];
        Token::new(mixed)
            .with_coordinate(Space::Physical, steps)
            .with_timestamp(mixed >> 20)
            .with_weight((mixed % 7) as f32)
    };
    let tokens: Vec<Token> = (0..count).map(token).collect();
    let raw = place.named("shuffled.raw");
    fs::write(&raw, ng_token::as_bytes(&tokens)).unwrap();
    ng(&[
        &"create",
        &place.named(name),
        &"--from",
        &raw,
        &"--tag",
        &"5",
    ])
    .ok();
    fs::remove_file(raw).unwrap();
    tokens
}

#[test]
fn a_sorted_file_is_told_and_has_its_order() {
    let place = Place::new();
    let mut tokens = shuffled(&place, "a.ngt", COUNT);
    let (a, b) = (place.named("a.ngt"), place.named("b.ngt"));
    let told = ng(&[&"sort", &a, &b, &"--by", &"entity_type,time"]).ok();
    let expected = format!(
        "{}: sorted by entity_type,timestamp into {}, {COUNT} tokens in all\n",
        a.display(),
        b.display()
    );
    assert_eq!(told, expected);
    tokens.sort_by_key(|token| (token.id().raw() >> 24 & 0xf, token.timestamp()));
    assert!(load(&b) == tokens);
    let info = json(&ng(&[&"info", &b, &"--json"]).ok());
    assert_eq!((&info["tag"], &info["generation"]), (&5.into(), &1.into()));

    let told = ng(&[&"sort", &a, &b, &"--by", &"id", &"--replace", &"--json"]).ok();
    let told = json(&told);
    let expected = [
        "by",
        "destination",
        "findings",
        "indexed_blocks",
        "source",
        "table_matches",
        "temporary_files",
        "tokens",
    ];
    let mut found = keys(&told);
    found.sort_unstable();
    assert_eq!(found, expected);
    assert_eq!(
        (&told["by"], &told["tokens"]),
        (&"id".into(), &COUNT.into())
    );
    assert_eq!(told["temporary_files"], 0);
    assert_eq!(told["indexed_blocks"], COUNT / 4096);
    tokens.sort_by_key(|token| token.id().raw());
    assert!(load(&b) == tokens);
    assert_eq!(place.names(), ["a.ngt", "b.ngt", "b.ngt.index"]);
}

#[test]
fn little_memory_makes_the_same_file_by_way_of_another_folder() {
    let (place, temp) = (Place::new(), Place::new());
    let mut tokens = shuffled(&place, "a.ngt", MANY);
    let (a, b) = (place.named("a.ngt"), place.named("b.ngt"));
    let path = temp.path();
    let more: [&dyn AsRef<OsStr>; 5] = [&"--json", &"--temp", &path, &"--cache", &"bypass"];
    let sorted = ng(&[&sort(&a, &b, &"weight", &LEAST)[..], &more].concat());
    assert!(json(&sorted.ok())["temporary_files"].as_u64() >= Some(2));
    tokens.sort_by(|left, right| left.weight().total_cmp(&right.weight()));
    assert!(load(&b) == tokens);
    assert_eq!(place.names(), ["a.ngt", "b.ngt", "b.ngt.index"]);
    assert!(temp.names().is_empty());
}

#[test]
fn what_cannot_be_sorted_says_why() {
    let place = Place::new();
    shuffled(&place, "a.ngt", COUNT);
    let (a, b) = (place.named("a.ngt"), place.named("b.ngt"));
    for (by, told) in [
        ("wieght", "`wieght`, the nearest is `weight`"),
        ("", "nothing to sort by"),
        ("physical,motor", "an order of 96 bits, expected at most 64"),
        ("position", "`position` is not an order"),
    ] {
        let ran = ng(&[&"sort", &a, &b, &"--by", &by, &"--json"]);
        assert_eq!(ran.code, Some(2), "{by}");
        let error = json(&ran.stderr);
        assert_eq!(error["kind"], "usage");
        assert!(error["error"].as_str().unwrap().contains(told), "{error}");
    }
    for memory in ["4 G", "-1", "much"] {
        assert_eq!(
            ng(&[&"sort", &a, &b, &"--by", &"id", &"--memory", &memory]).code,
            Some(2)
        );
    }
    let sort_into = |out: &Path| ng(&[&"sort", &a, &out, &"--by", &"id", &"--replace"]);
    sort_into(&a).failed(&["a.ngt", "is the file to sort, expected another"]);
    let link = place.named("link.ngt");
    std::os::unix::fs::symlink(&a, &link).unwrap();
    sort_into(&link).failed(&["link.ngt", "is the file to sort, expected another"]);
    fs::remove_file(link).unwrap();
    let little = ng(&[
        &"sort",
        &a,
        &b,
        &"--by",
        &"id",
        &"--memory",
        &"1M",
        &"--json",
    ]);
    assert_eq!(json(&little.stderr)["kind"], "memory");
    let nowhere = place.named("none");
    ng(&[&"sort", &nowhere, &b, &"--by", &"id"]).failed(&["none", "No such file"]);
    assert_eq!(place.names(), ["a.ngt"]);
    fs::write(&b, b"mine").unwrap();
    ng(&[&"sort", &a, &b, &"--by", &"id"]).failed(&["b.ngt", "--replace replaces it"]);
    assert_eq!(fs::read(&b).unwrap(), b"mine");
}

#[test]
fn a_damaged_block_ends_the_sort_and_is_named() {
    let place = Place::new();
    shuffled(&place, "a.ngt", MANY);
    let (a, b) = (place.named("a.ngt"), place.named("b.ngt"));
    damage(&a, 17);
    for memory in [LEAST, "1G"] {
        let mut sort = sort(&a, &b, &"id", &memory);
        ng(&sort).failed(&["a.ngt", "block 17", "`ng verify FILE`"]);
        sort.push(&"--json");
        assert_eq!(json(&ng(&sort).stderr)["kind"], "damaged");
        assert_eq!(place.names(), ["a.ngt"]);
    }
}

/// A sort beyond memory in progress: it has begun to write a temporary file.
fn under_way(place: &Place) -> Child {
    let (a, b) = (place.named("a.ngt"), place.named("b.ngt"));
    let child = command(&sort(&a, &b, &"id", &LEAST))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for("temporary file", || {
        let names = place.names();
        let folder = names.iter().find(|name| name.starts_with(".ng-sort-"));
        let has_ended = names.iter().any(|name| name == "b.ngt");
        let files = folder.map(|name| fs::read_dir(place.named(name)).map_or(0, Iterator::count));
        (files > Some(1) || has_ended).then_some(())
    });
    child
}

/// How often a sort is repeated that finished before the signal.
const ATTEMPTS: usize = 10;

/// Ends sorts by a signal until one is interrupted, and returns its exit code.
fn ended_by(name: &str, place: &Place) -> Option<i32> {
    for _ in 0..ATTEMPTS {
        let mut child = under_way(place);
        signal(child.id(), name);
        let status = child.wait().unwrap();
        if !status.success() {
            return status.code();
        }
        fs::remove_file(place.named("b.ngt")).unwrap();
    }
    panic!("{ATTEMPTS} sorts came to their end");
}

#[test]
fn a_killed_sort_leaves_no_file_and_the_next_one_removes_what_it_left() {
    let place = Place::new();
    let mut tokens = shuffled(&place, "a.ngt", MANY);
    assert_eq!(ended_by("KILL", &place), None);
    let names = place.names();
    assert!(
        names.iter().any(|name| name.starts_with(".ng-sort-")),
        "{names:?}"
    );
    assert!(!names.contains(&"b.ngt".to_owned()));
    let (a, b) = (place.named("a.ngt"), place.named("b.ngt"));
    ng(&sort(&a, &b, &"id", &LEAST)).ok();
    assert_eq!(place.names(), ["a.ngt", "b.ngt", "b.ngt.index"]);
    tokens.sort_by_key(|token| token.id().raw());
    assert!(load(&b) == tokens);
}

#[test]
fn an_interrupted_sort_leaves_nothing() {
    let place = Place::new();
    shuffled(&place, "a.ngt", MANY);
    for name in ["INT", "TERM"] {
        assert_eq!(ended_by(name, &place), Some(130));
        assert_eq!(place.names(), ["a.ngt"]);
    }
}

/// Runs a sort with this many KiB of private memory.
fn sort_within(kib: u32, place: &Place, memory: &str) -> bool {
    let limited = format!("ulimit -c 0; ulimit -d {kib}; exec \"$@\"");
    let mut shell = Command::new("sh");
    shell.args(["-c", &limited, "sh", env!("CARGO_BIN_EXE_ng")]);
    let (a, b) = (place.named("a.ngt"), place.named("b.ngt"));
    shell.args(sort(&a, &b, &"id", &memory)).arg("--replace");
    shell.stdout(Stdio::null()).stderr(Stdio::null());
    shell.status().unwrap().success()
}

/// Sorted in memory, these tokens take 80 MB.
#[test]
fn a_sort_keeps_to_the_memory_that_it_is_given() {
    let place = Place::new();
    let mut tokens = shuffled(&place, "a.ngt", 1_000_000);
    assert!(sort_within(68 << 10, &place, LEAST));
    tokens.sort_by_key(|token| token.id().raw());
    assert!(load(&place.named("b.ngt")) == tokens);
    assert!(!sort_within(68 << 10, &place, "1G"), "the limit is none");
}

#[test]
fn a_file_that_may_have_lost_its_newest_commit_is_not_sorted() {
    let place = Place::new();
    shuffled(&place, "a.ngt", COUNT);
    let (a, b) = (place.named("a.ngt"), place.named("b.ngt"));
    let more = place.raw("more.raw", 10);
    ng(&[&"append", &a, &"--from", &more]).ok();
    fs::remove_file(more).unwrap();
    let generation = json(&ng(&[&"info", &a, &"--json"]).ok())["generation"].as_u64();
    let slot = 0x1000 + generation.unwrap() % 2 * 0x2000;
    for copy in [0, 2048] {
        flip(&a, slot + copy + 40);
    }
    ng(&[&"sort", &a, &b, &"--by", &"id"]).failed(&["a.ngt", "`ng repair FILE NEW`"]);
    let ran = ng(&[&"sort", &a, &b, &"--by", &"id", &"--json"]);
    assert_eq!(json(&ran.stderr)["kind"], "slot_lost");
    assert_eq!(place.names(), ["a.ngt"]);
}

#[test]
fn files_of_no_token_and_of_one_are_sorted() {
    let place = Place::new();
    for count in [0, 1, BLOCK] {
        let tokens = shuffled(&place, "a.ngt", count);
        let (a, b) = (place.named("a.ngt"), place.named("b.ngt"));
        ng(&[&"sort", &a, &b, &"--by", &"motor", &"--replace"]).ok();
        assert!(load(&b) == tokens);
        fs::remove_file(a).unwrap();
    }
}
