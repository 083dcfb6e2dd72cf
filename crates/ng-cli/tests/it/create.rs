//! `ng create`.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;

use ng_store::{BlockReader, Counted};
use ng_synth::Synth;
use ng_token::{EntityType, Flags, SystemFlags, Token};
use serde_json::Value;

use crate::harness::{BLOCK, COUNT, Place, Ran, command, json, keys, load, ng, token, tokens};

#[test]
fn generated_tokens_have_their_index_as_id_for_any_number_of_threads() {
    let place = Place::new();
    let shard = 8 * BLOCK;
    for count in [0, 1, COUNT, 4 * shard, 9 * shard + 1] {
        let expected: Vec<_> = (0..count).map(|index| Token::new(index as u32)).collect();
        for threads in ["1", "2", "5"] {
            let path = place.named("a.ngt");
            let tokens = count.to_string();
            ng(&[
                &"create",
                &path,
                &"--tokens",
                &tokens,
                &"--threads",
                &threads,
                &"--replace",
            ])
            .ok();
            assert!(load(&path) == expected, "{count} tokens, {threads} threads");
        }
    }
    assert_eq!(place.names(), ["a.ngt"]);
}

#[test]
fn either_kind_of_ids_is_the_index_of_few_tokens() {
    let place = Place::new();
    for (kind, told) in [
        (&[][..], "raw"),
        (&["--ids", "raw"], "raw"),
        (&["--ids", "local"], "local"),
    ] {
        let path = place.named("a.ngt");
        let mut create = command(&[&"create", &path, &"--tokens", &"9", &"--json", &"--replace"]);
        let created = json(&Ran::from(create.args(kind).output().unwrap()).ok());
        assert_eq!(
            (&created["ids"], &created["warnings"]),
            (&told.into(), &Value::Array(vec![]))
        );
        assert_eq!(load(&path), (0..9).map(Token::new).collect::<Vec<_>>());
    }
    let raw = place.raw("raw", 3);
    let path = place.named("b.ngt");
    let created = json(&ng(&[&"create", &path, &"--from", &raw, &"--json"]).ok());
    assert_eq!(
        (&created["ids"], &created["warnings"]),
        (&Value::Null, &Value::Array(vec![]))
    );
}

#[test]
fn varied_tokens_are_those_of_kind_and_seed_for_any_number_of_threads() {
    let place = Place::new();
    let path = place.named("a.ngt");
    let count = 9 * BLOCK + 1;
    for (asked, kind, seed, synth) in [
        (&["--like", "uniform"][..], "uniform", 0, Synth::uniform(0)),
        (
            &["--like=uniform", "--seed=7"],
            "uniform",
            7,
            Synth::uniform(7),
        ),
        (
            &["--like=clustered", "--seed=7"],
            "clustered",
            7,
            Synth::clustered(7),
        ),
        (
            &["--like=clustered", "--seed=18446744073709551615"],
            "clustered",
            u64::MAX,
            Synth::clustered(u64::MAX),
        ),
    ] {
        let expected: Vec<_> = (0..count as u64).map(|index| synth.token(index)).collect();
        for threads in ["1", "3"] {
            let tokens = count.to_string();
            let mut create = command(&[&"create", &path, &"--tokens", &tokens, &"--json"]);
            create.args(["--replace", "--threads", threads]).args(asked);
            let created = json(&Ran::from(create.output().unwrap()).ok());
            assert_eq!(
                (&created["like"], &created["seed"]),
                (&kind.into(), &seed.into())
            );
            assert_eq!(
                (&created["ids"], &created["warnings"]),
                (&Value::Null, &Value::Array(vec![]))
            );
            assert!(load(&path) == expected, "{asked:?}, {threads} threads");
        }
        ng(&[&"verify", &path]).ok();
    }
}

/// Of more tokens than the file is made for: nothing is created.
#[test]
fn varied_tokens_are_warned_of_where_ids_and_times_begin_again() {
    let place = Place::new();
    let path = place.named("a.ngt");
    for (tokens, warned) in [("20M", false), ("4294967296", false), ("4294967297", true)] {
        let mut create = command(&[&"create", &path, &"--tokens", &tokens, &"--like=uniform"]);
        let ran = Ran::from(create.args(["--max-tokens", "9"]).output().unwrap());
        assert_eq!((ran.code, &*ran.stdout), (Some(1), ""), "{ran:?}");
        let told = "a.ngt: ids and times from index 4294967296 on begin again";
        assert_eq!(ran.stderr.contains(told), warned, "{ran:?}");
        assert_eq!(
            ran.stderr.lines().count(),
            1 + usize::from(warned),
            "{ran:?}"
        );
    }
}

/// Beyond 2^24 tokens, of which there is none: the file is not made for that many.
#[test]
fn ids_that_run_over_are_warned_of_unless_they_were_chosen() {
    let place = Place::new();
    let path = place.named("a.ngt");
    for (tokens, kind, quiet, warned) in [
        ("16777216", None, false, false),
        ("16777217", None, false, true),
        ("16777217", None, true, true),
        ("16777217", Some("raw"), false, false),
        ("16777217", Some("local"), false, false),
        ("5G", None, false, true),
    ] {
        let mut create = command(&[
            &"create",
            &path,
            &"--tokens",
            &tokens,
            &"--max-tokens",
            &"9",
        ]);
        create.args(kind.map(|kind| format!("--ids={kind}")));
        create.args(quiet.then_some("--quiet"));
        let ran = Ran::from(create.output().unwrap());
        assert_eq!((ran.code, &*ran.stdout), (Some(1), ""), "{ran:?}");
        let lines: Vec<_> = ran.stderr.lines().collect();
        let is_error = |line: &&str| line.starts_with("error: ") && line.contains("made for 9");
        assert!(lines.last().is_some_and(is_error), "{ran:?}");
        assert_eq!(lines.len(), 1 + usize::from(warned), "{ran:?}");
        if warned {
            assert!(lines[0].starts_with("warning: "), "{ran:?}");
            assert!(
                lines[0].contains("a.ngt: ids from index 16777216 on"),
                "{ran:?}"
            );
            assert!(lines[0].contains("--ids raw") && lines[0].contains("--ids local"));
        }
        // JSON has it in the object of the report, one line a stream.
        let ran = Ran::from(create.arg("--json").output().unwrap());
        assert_eq!(json(&ran.stderr)["kind"], "full", "{ran:?}");
    }
}

/// A file of 1 GiB: with fewer tokens the kinds are the same.
#[test]
fn behind_2_to_24_tokens_local_ids_begin_again_and_raw_ones_go_on() {
    let place = Place::new();
    let path = place.named("a.ngt");
    for (kind, ids, last, warned) in [
        (None, "raw", 1 << 24, true),
        (Some("local"), "local", 0, false),
    ] {
        let arguments: [&dyn AsRef<std::ffi::OsStr>; 6] = [
            &"create",
            &path,
            &"--tokens",
            &"16777217",
            &"--json",
            &"--replace",
        ];
        let mut create = command(&arguments);
        create.args(kind.map(|kind| format!("--ids={kind}")));
        let ran = Ran::from(create.output().unwrap());
        if ran.code == Some(1) && json(&ran.stderr)["kind"] == "no_space" {
            eprintln!("skipped: there is no room for 1 GiB");
            return;
        }
        let created = json(&ran.ok());
        assert_eq!(created["ids"], ids);
        let warnings = created["warnings"].as_array().unwrap();
        assert_eq!(warnings.len(), usize::from(warned), "{created}");
        let told = |warning: &Value| warning.as_str().unwrap().contains("from index 16777216 on");
        assert!(warnings.iter().all(told), "{created}");
        let mut tokens = Vec::new();
        let reader = BlockReader::open(&path).unwrap();
        let seen = reader.for_each((1 << 24) - 1..(1 << 24) + 1, |verified| {
            tokens.extend_from_slice(verified);
            Ok::<_, ng_store::ReadError>(())
        });
        seen.unwrap();
        assert_eq!(tokens, [Token::new((1 << 24) - 1), Token::new(last)]);
    }
}

#[test]
fn room_is_allocated_for_exactly_the_tokens_there_are() {
    let place = Place::new();
    let raw = place.raw("raw", COUNT);
    let pipe = command(&[&"create", &place.named("3"), &"--from", &"-"])
        .stdin(fs::File::open(&raw).unwrap())
        .output();
    Ran::from(pipe.unwrap()).ok();
    ng(&[
        &"create",
        &place.named("1"),
        &"--tokens",
        &COUNT.to_string(),
    ])
    .ok();
    ng(&[&"create", &place.named("2"), &"--from", &raw]).ok();
    for name in ["1", "2", "3"] {
        let path = place.named(name);
        let info = BlockReader::open(&path).unwrap().info();
        let length = fs::metadata(&path).unwrap().len();
        assert_eq!(length, info.data_offset + 64 * COUNT as u64, "{name}");
    }
}

#[test]
fn counts_have_units_and_a_file_is_made_for_what_it_is_asked_for() {
    let place = Place::new();
    for (max_tokens, expected) in [("1M", 1_000_000), ("2k", 2_000)] {
        let path = place.named(max_tokens);
        let arguments: [&dyn AsRef<std::ffi::OsStr>; 8] = [
            &"create",
            &path,
            &"--tokens",
            &"2k",
            &"--max-tokens",
            &max_tokens,
            &"--tag",
            &"77",
        ];
        ng(&arguments).ok();
        let info = BlockReader::open(&path).unwrap().info();
        assert_eq!(
            (info.tokens, info.max_tokens, info.tag),
            (2_000, expected, 77)
        );
    }
    let path = place.named("small");
    ng(&[
        &"create",
        &path,
        &"--tokens",
        &"2k",
        &"--max-tokens",
        &"1999",
    ])
    .failed(&["2000 tokens, the file is made for 1999"]);
    let raw = place.raw("raw", 20);
    ng(&[&"create", &path, &"--from", &raw, &"--max-tokens", &"19"])
        .failed(&["20 tokens, the file is made for 19"]);
    assert!(!path.exists());
}

#[test]
fn raw_records_come_from_a_file_a_pipe_and_a_named_pipe() {
    let place = Place::new();
    let raw = place.raw("raw", COUNT);
    let path = place.named("a.ngt");
    ng(&[&"create", &path, &"--from", &raw]).ok();
    assert!(load(&path) == tokens(0..COUNT));

    let mut child = command(&[&"create", &path, &"--from", &"-", &"--replace"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // In pieces that end within records.
    for piece in fs::read(&raw).unwrap().chunks(99_999) {
        stdin.write_all(piece).unwrap();
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
    assert!(load(&path) == tokens(0..COUNT));

    let fifo = place.named("fifo");
    assert!(
        Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    let writer = {
        let (raw, fifo) = (raw.clone(), fifo.clone());
        thread::spawn(move || fs::write(fifo, fs::read(raw).unwrap()).unwrap())
    };
    ng(&[&"create", &path, &"--from", &fifo, &"--replace"]).ok();
    writer.join().unwrap();
    assert!(load(&path) == tokens(0..COUNT));
}

#[test]
fn no_records_make_an_empty_file() {
    let place = Place::new();
    let path = place.named("a.ngt");
    ng(&[&"create", &path, &"--from", &"/dev/null"]).ok();
    assert_eq!(load(&path), []);
}

#[test]
fn a_length_that_is_no_number_of_records_leaves_no_file() {
    let place = Place::new();
    let path = place.named("a.ngt");
    for odd in [1, 63, 65, 64 * 20_000 + 1] {
        let raw = place.named("raw");
        fs::write(&raw, vec![0; odd]).unwrap();
        let told = format!("{}, expected a multiple of 64", Counted(odd as u64, "byte"));
        ng(&[&"create", &path, &"--from", &raw]).failed(&[&told, "raw"]);
        let piped = command(&[&"create", &path, &"--from", &"-"])
            .stdin(fs::File::open(&raw).unwrap())
            .output();
        Ran::from(piped.unwrap()).failed(&[&told, "standard input"]);
        assert_eq!(place.names(), ["raw"]);
    }
}

#[test]
fn a_record_that_is_no_valid_token_is_named_and_leaves_no_file() {
    let place = Place::new();
    let (path, raw) = (place.named("a.ngt"), place.named("raw"));
    // The second is beyond the first chunk that is read.
    for bad in [7, 20_000] {
        for (token, told) in [
            (
                token(bad).with_weight(-1.5),
                "weight -1.5, expected 0.0 or greater",
            ),
            (
                token(bad).with_weight(f32::NAN),
                "weight NaN (bits 0x7fc00000)",
            ),
            (
                token(bad).with_timestamp(u32::MAX),
                "timestamp 4294967295, expected at most",
            ),
        ] {
            let mut records = tokens(0..30_000);
            records[bad] = token;
            fs::write(&raw, ng_token::as_bytes(&records)).unwrap();
            let record = format!("record {bad}: {told}");
            ng(&[&"create", &path, &"--from", &raw, &"--validate"]).failed(&["raw", &record]);
            assert_eq!(place.names(), ["raw"]);
            ng(&[&"create", &path, &"--from", &raw]).ok();
            fs::remove_file(&path).unwrap();
        }
    }
    let raw = place.raw("good", COUNT);
    ng(&[&"create", &path, &"--from", &raw, &"--validate"]).ok();
}

/// Records, and which of the two rules accept them.
fn judged() -> [(&'static str, Token, bool, bool); 8] {
    let flags = Flags::new(SystemFlags::ACTIVE, EntityType::Rule, 0).unwrap();
    let fresh = Token::new(0x0500_0007);
    [
        ("fresh", fresh, true, true),
        ("id 0", Token::new(0), true, true),
        ("another entity type", fresh.with_flags(flags), false, true),
        ("NaN", fresh.with_weight(f32::NAN), false, true),
        ("heavy", fresh.with_weight(100.5), true, false),
        ("infinite", fresh.with_weight(f32::INFINITY), true, false),
        ("negative", fresh.with_weight(-0.5), false, false),
        ("far ahead", fresh.with_timestamp(u32::MAX), false, false),
    ]
}

#[test]
fn records_are_held_against_the_rules_that_are_asked_for() {
    let place = Place::new();
    let raw = place.named("raw");
    for (name, record, strict, upstream) in judged() {
        fs::write(&raw, record.as_bytes()).unwrap();
        for (rules, expected) in [
            ("--validate", strict),
            ("--validate=strict", strict),
            ("--validate=upstream", upstream),
        ] {
            let created = place.named("created");
            let appended = place.tokens("appended", 1);
            for arguments in [["create", "created"], ["append", "appended"]] {
                let path = place.named(arguments[1]);
                let ran = ng(&[&arguments[0], &path, &"--from", &raw, &rules]);
                let [verb, _] = arguments;
                assert_eq!(
                    ran.code == Some(0),
                    expected,
                    "{name}, {verb} {rules}: {ran:?}"
                );
                if !expected {
                    ran.failed(&["raw: record 0: "]);
                }
            }
            assert_eq!(created.exists(), expected, "{name}, {rules}");
            assert_eq!(load(&appended).len(), 1 + usize::from(expected));
            fs::remove_file(appended).unwrap();
            let _ = fs::remove_file(created);
        }
    }
}

/// NeuroGraph gives them to every token of an id with an entity type.
#[test]
fn entity_types_that_differ_have_a_hint_and_nothing_else_has() {
    let place = Place::new();
    let (path, raw) = (place.named("a.ngt"), place.named("raw"));
    for (name, record, ..) in judged() {
        fs::write(&raw, record.as_bytes()).unwrap();
        let ran = ng(&[
            &"create",
            &path,
            &"--from",
            &raw,
            &"--validate",
            &"--replace",
        ]);
        let hint = "; `--validate=upstream` allows it, as NeuroGraph does\n";
        assert_eq!(
            ran.stderr.ends_with(hint),
            name == "another entity type",
            "{ran:?}"
        );
    }
}

#[test]
fn an_existing_file_is_replaced_only_when_asked() {
    let place = Place::new();
    let path = place.named("a.ngt");
    fs::write(&path, "mine").unwrap();
    let raw = place.raw("raw", 3);
    ng(&[&"create", &path, &"--tokens", &"3"]).failed(&["a.ngt: exists; --replace replaces it"]);
    ng(&[&"create", &path, &"--from", &raw]).failed(&["a.ngt: exists; --replace replaces it"]);
    assert_eq!(fs::read(&path).unwrap(), b"mine");
    ng(&[&"create", &path, &"--from", &raw, &"--replace"]).ok();
    assert_eq!(load(&path), tokens(0..3));
    assert_eq!(place.names(), ["a.ngt", "raw"]);
}

#[test]
fn what_was_created_is_told_in_words_and_as_json() {
    let place = Place::new();
    let path = place.named("a.ngt");
    let told = ng(&[&"create", &path, &"--tokens", &"10"]).ok();
    assert!(
        told.ends_with("a.ngt: 10 tokens, generation 1, 10486400 bytes long\n"),
        "{told}"
    );
    let arguments: [&dyn AsRef<std::ffi::OsStr>; 6] = [
        &"create",
        &path,
        &"--tokens",
        &"10",
        &"--replace",
        &"--json",
    ];
    let told = json(&ng(&arguments).ok());
    assert_eq!(
        keys(&told),
        [
            "generation",
            "ids",
            "length",
            "like",
            "max_tokens",
            "path",
            "seed",
            "tag",
            "tokens",
            "warnings"
        ]
    );
    assert_eq!(
        (&told["tokens"], &told["generation"]),
        (&10.into(), &1.into())
    );
    assert_eq!(
        ng(&[&"create", &path, &"--tokens", &"1", &"--replace", &"-q"]).ok(),
        ""
    );
}
