//! The verbs that write, killed at any moment: whole files or none, and the next run removes what
//! was left.

use std::ffi::OsStr;
use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use ng_query::index::{Index, index_folder};
use ng_store::{BlockReader, CreateOptions, VecStore};
use ng_synth::Synth;

use crate::amount::{count, scale};
use crate::harness::{Place, command, load, names, ng, sort};

/// Some blocks and a part of one.
const SOME: u64 = 10 * 4096 + 77;

/// More tokens than a sort with the least memory holds.
const MANY: u64 = 260_000;

/// The least memory that one and two threads accept.
const LEAST: &str = "68M";

/// How often each verb is killed.
const KILLS: u64 = if cfg!(debug_assertions) { 4 } else { 12 };

/// A file of a number of varied tokens.
fn source(count: u64) -> Place {
    let place = Place::new();
    let synth = Synth::clustered(3);
    let options = CreateOptions::new().max_tokens(1 << 20);
    VecStore::from_iter((0..count).map(|index| synth.token(index)))
        .save(place.named("a.ngt"), &options)
        .unwrap();
    place
}

/// Runs of one command line that are killed.
struct Kills<'a> {
    name: &'a str,
    arguments: &'a [&'a dyn AsRef<OsStr>],
    /// How long an unkilled one takes.
    whole: Duration,
    killed: u64,
    left: u64,
}

impl<'a> Kills<'a> {
    fn of(name: &'a str, arguments: &'a [&'a dyn AsRef<OsStr>]) -> Self {
        let began = Instant::now();
        ng(arguments).ok();
        Self {
            name,
            arguments,
            whole: began.elapsed(),
            killed: 0,
            left: 0,
        }
    }

    /// Kills one run, at a moment from its start to about its end; `turn` of `turns`.
    fn kill(&mut self, turn: u64, turns: u64) {
        let mut child = command(self.arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Early moments alternate with late ones, as the next run finds what one left.
        let moment = turn * 7 % turns;
        thread::sleep(self.whole.mul_f64((moment as f64 + 0.5) / turns as f64));
        child.kill().unwrap();
        self.killed += u64::from(!child.wait().unwrap().success());
    }

    fn tell(&self) {
        assert!(self.killed > 0, "{}: none was killed", self.name);
        count(&format!("tool: kills: {}", self.name), self.killed);
        count(
            &format!("tool: kills: {}: that left files", self.name),
            self.left,
        );
    }
}

/// Kills runs that make `out`, with and without an existing file, and then lets one finish.
fn check_kills(name: &str, place: &Place, out: &str, arguments: &[&dyn AsRef<OsStr>]) {
    let arguments = &[arguments, &[&"--replace"]].concat()[..];
    let before = place.names();
    let mut kills = Kills::of(name, arguments);
    let (after, whole, files) = (place.names(), content(place, out), index_files(place, out));
    let turns = KILLS * scale();
    for turn in 0..turns {
        let was_there = turn % 2 == 0;
        if !was_there {
            remove(place, out);
        }
        kills.kill(turn, turns);
        let is_there = place.named(out).exists();
        assert!(is_there || !was_there, "{name}: the file of before is gone");
        if is_there {
            assert!(
                content(place, out) == whole,
                "{name}: half of a file, turn {turn}"
            );
        }
        let there = place.names();
        let left = || there.iter().filter(|name| !after.contains(name));
        // This run removed what the previous one left when it began; a sort has two kinds of it.
        for kind in [".ng-tmp-", ".ng-sort-"] {
            let of_kind = left().filter(|name| name.starts_with(kind)).count();
            assert!(of_kind <= 1, "{name}: {there:?}");
        }
        assert!(
            left().all(|name| name.starts_with(".ng-")),
            "{name}: {there:?}"
        );
        kills.left += u64::from(left().count() > 0);
        if !is_there {
            ng(arguments).ok();
        }
    }
    ng(arguments).ok();
    assert_eq!(place.names(), after, "{name}: what was left is still there");
    assert_eq!(index_files(place, out), files, "{name}: of the index too");
    assert!(content(place, out) == whole, "{name}");
    kills.tell();
    remove(place, out);
    assert_eq!(place.names(), before);
}

/// The tokens of a token file, each block verified, or the bytes of another file.
fn content(place: &Place, out: &str) -> Vec<u8> {
    let path = place.named(out);
    match out.ends_with(".ngt") {
        true => ng_token::as_bytes(&load(&path)).to_vec(),
        false => fs::read(path).unwrap(),
    }
}

/// How many files the index beside a file has, if there is one.
fn index_files(place: &Place, out: &str) -> usize {
    let folder = index_folder(&place.named(out));
    if folder.exists() {
        names(&folder).len()
    } else {
        0
    }
}

fn remove(place: &Place, out: &str) {
    fs::remove_file(place.named(out)).unwrap();
    let folder = index_folder(&place.named(out));
    if folder.exists() {
        fs::remove_dir_all(folder).unwrap();
    }
}

#[test]
fn an_export_that_is_killed_leaves_a_whole_file_or_none() {
    let place = source(SOME);
    let from = place.named("a.ngt");
    for format in ["parquet", "arrow", "csv", "jsonl"] {
        let out = format!("out.{format}");
        let path = place.named(&out);
        check_kills(
            &format!("export to {format}"),
            &place,
            &out,
            &[&"export", &from, &path],
        );
    }
}

#[test]
fn a_create_from_columns_that_is_killed_leaves_a_whole_file_or_none() {
    let place = source(SOME);
    let (from, to) = (place.named("a.ngt"), place.named("b.ngt"));
    for format in ["parquet", "arrow", "csv"] {
        let table = place.named(&format!("table.{format}"));
        ng(&[&"export", &from, &table, &"--raw"]).ok();
        let raw: &[&dyn AsRef<OsStr>] = if format == "csv" { &[&"--raw"] } else { &[] };
        let create: &[&dyn AsRef<OsStr>] = &[&"create", &to, &"--from", &table];
        check_kills(
            &format!("create from {format}"),
            &place,
            "b.ngt",
            &[create, raw].concat(),
        );
        fs::remove_file(&table).unwrap();
    }
}

#[test]
fn a_sort_that_is_killed_leaves_a_whole_file_or_none() {
    for (name, count, memory) in [("sort", SOME, "1G"), ("sort beyond memory", MANY, LEAST)] {
        let place = source(count);
        let (from, to) = (place.named("a.ngt"), place.named("b.ngt"));
        let sort = sort(&from, &to, &"physical", &memory);
        check_kills(name, &place, "b.ngt", &sort);
    }
}

#[test]
fn an_index_build_that_is_killed_leaves_the_index_of_before() {
    let place = source(SOME);
    let path = place.named("a.ngt");
    let folder = index_folder(&path);
    let arguments: &[&dyn AsRef<OsStr>] = &[
        &"index",
        &path,
        &"--columns",
        &"weight,physical",
        &"--ids",
        &"--rebuild",
    ];
    let mut kills = Kills::of("index", arguments);
    let files = names(&folder).len();
    let asked: &[&dyn AsRef<OsStr>] = &[&"query", &path, &"--where", &"weight > 0.5", &"--count"];
    let expected = answer(asked);
    let turns = KILLS * scale();
    for turn in 0..turns {
        kills.kill(turn, turns);
        let index = Index::load(&BlockReader::open(&path).unwrap()).unwrap();
        assert_eq!(index.covered_blocks(), SOME / 4096);
        assert!(index.warnings().is_empty(), "{:?}", index.warnings());
        assert_eq!(answer(asked), expected);
        let there = names(&folder).len();
        assert!(there <= 2 * files + 1, "{:?}", names(&folder));
        kills.left += u64::from(there > files);
    }
    ng(arguments).ok();
    assert_eq!(names(&folder).len(), files, "{:?}", names(&folder));
    assert_eq!(place.names(), ["a.ngt", "a.ngt.index"]);
    kills.tell();
}

/// The answer of a query.
fn answer(arguments: &[&dyn AsRef<OsStr>]) -> String {
    let output = command(arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}
