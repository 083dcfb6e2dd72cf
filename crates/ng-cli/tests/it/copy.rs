//! `ng copy`.

use std::fs;

use ng_store::BlockReader;
use ng_token::as_bytes;

use crate::harness::{BLOCK, COUNT, Place, command, damage, json, keys, load, ng, tokens};

#[test]
fn a_copy_has_the_same_tokens_for_any_number_of_threads() {
    let place = Place::new();
    for count in [0, 1, BLOCK, COUNT, 35 * BLOCK + 7] {
        let path = place.tokens(&count.to_string(), count);
        let (copy, raw) = (place.named("copy"), place.named("raw"));
        for threads in ["1", "2", "5"] {
            ng(&[&"copy", &path, &copy, &"--threads", &threads, &"--replace"]).ok();
            assert!(
                load(&copy) == tokens(0..count),
                "{count}, {threads} threads"
            );
            ng(&[
                &"copy",
                &path,
                &raw,
                &"--raw",
                &"--threads",
                &threads,
                &"--replace",
            ])
            .ok();
            assert!(fs::read(&raw).unwrap() == as_bytes(&tokens(0..count)));
        }
        ng(&[&"verify", &copy]).ok();
        let info = BlockReader::open(&copy).unwrap().info();
        assert_eq!((info.max_tokens, info.tag), (1 << 20, 5));
        let length = info.data_offset + 64 * count as u64;
        assert!(count == 0 || info.length == length, "{info:?}");
    }
}

#[test]
fn any_range_is_copied() {
    let place = Place::new();
    let count = 20 * BLOCK;
    let path = place.tokens("a.ngt", count);
    let (copy, raw) = (place.named("copy"), place.named("raw"));
    for (text, range) in [
        ("0..0", 0..0),
        ("5..6", 5..6),
        ("4095..4097", 4095..4097),
        ("4096..8192", 4096..8192),
        ("1..80k", 1..80_000),
        ("81k..", 81_000..count),
        ("..7", 0..7),
    ] {
        ng(&[&"copy", &path, &copy, &"--range", &text, &"--replace"]).ok();
        assert!(load(&copy) == tokens(range.clone()), "{text}");
        ng(&[
            &"copy",
            &path,
            &raw,
            &"--raw",
            &"--range",
            &text,
            &"--replace",
        ])
        .ok();
        assert!(
            fs::read(&raw).unwrap() == as_bytes(&tokens(range)),
            "{text}"
        );
    }
}

#[test]
fn a_range_beyond_the_tokens_is_refused_with_both() {
    let place = Place::new();
    let path = place.tokens("a.ngt", 100);
    let out = place.named("out");
    for (text, told) in [
        ("5..101", "tokens 5..101 asked for"),
        ("200..300", "tokens 200..300 asked for"),
        ("101..", "tokens 101..101 asked for"),
    ] {
        for extra in [&[][..], &["--raw"]] {
            let mut command = command(&[&"copy", &path, &out, &"--range", &text]);
            let ran: crate::harness::Ran = command.args(extra).output().unwrap().into();
            ran.failed(&["a.ngt", told, "it has 100"]);
        }
    }
    assert_eq!(place.names(), ["a.ngt"]);
}

#[test]
fn a_bad_block_is_named_and_leaves_no_file() {
    let place = Place::new();
    let path = place.tokens("a.ngt", 20 * BLOCK);
    damage(&path, 13);
    let out = place.named("out");
    let hint = "; `ng verify FILE` names all that is bad, `ng repair FILE NEW` saves the rest";
    ng(&[&"copy", &path, &out]).failed(&["a.ngt: block 13 at", "expected", hint]);
    ng(&[&"copy", &path, &out, &"--raw"]).failed(&["a.ngt: block 13 at", hint]);
    assert_eq!(place.names(), ["a.ngt"]);
    // Standard output has what was verified before.
    let output = command(&[&"copy", &path, &"-", &"--raw"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let written = output.stdout.len() / 64;
    assert!(written <= 13 * BLOCK);
    assert!(output.stdout == as_bytes(&tokens(0..written)));
    // Elsewhere nothing is bad.
    ng(&[&"copy", &path, &out, &"--range", &"0..53248"]).ok();
    assert!(load(&out) == tokens(0..13 * BLOCK));
}

#[test]
fn an_existing_file_is_replaced_only_when_asked() {
    for extra in [&[][..], &["--raw"]] {
        let place = Place::new();
        let path = place.tokens("a.ngt", COUNT);
        let out = place.named("out");
        fs::write(&out, "mine").unwrap();
        let copy = |more: &[&str]| -> crate::harness::Ran {
            let mut command = command(&[&"copy", &path, &out]);
            command.args(extra).args(more).output().unwrap().into()
        };
        copy(&[]).failed(&["out: exists; --replace replaces it"]);
        assert_eq!(fs::read(&out).unwrap(), b"mine");
        copy(&["--replace"]).ok();
        assert!(fs::metadata(&out).unwrap().len() >= 64 * COUNT as u64);
        assert_eq!(place.names(), ["a.ngt", "out"]);
    }
}

/// Other programs would take the head of a token file for records.
#[test]
fn a_token_file_by_the_name_of_a_raw_one_is_warned_of() {
    let place = Place::new();
    let path = place.tokens("a.ngt", 10);
    for (name, extra, warned) in [
        ("t.raw", &[][..], true),
        ("t.RAW", &["--quiet"], true),
        ("t.raw", &["--raw", "--replace"], false),
        ("raw", &[], false),
        ("t.ngt", &[], false),
    ] {
        let out = place.named(name);
        let mut command = command(&[&"copy", &path, &out]);
        let ran: crate::harness::Ran = command.args(extra).output().unwrap().into();
        if !warned {
            ran.ok();
            continue;
        }
        let told = format!("{name}: is written as a token file, --raw writes plain records");
        let warnings = ran.found(0);
        assert!(warnings.starts_with("warning: "), "{warnings}");
        assert!(warnings.contains(&told), "{warnings}");
    }
    let out = place.named("u.raw");
    let told = json(&ng(&[&"copy", &path, &out, &"--json"]).ok());
    assert_eq!(told["warnings"].as_array().unwrap().len(), 1);
}

#[test]
fn a_file_may_be_copied_onto_itself() {
    let place = Place::new();
    let path = place.tokens("a.ngt", COUNT);
    let id = BlockReader::open(&path).unwrap().info().file_id;
    ng(&[&"copy", &path, &path, &"--replace", &"--range", &"1.."]).ok();
    assert!(load(&path) == tokens(1..COUNT));
    assert_ne!(BlockReader::open(&path).unwrap().info().file_id, id);
}

#[test]
fn the_report_has_its_keys() {
    let place = Place::new();
    let path = place.tokens("a.ngt", COUNT);
    let out = place.named("out");
    let arguments: [&dyn AsRef<std::ffi::OsStr>; 6] =
        [&"copy", &path, &out, &"--range", &"5..9", &"--json"];
    let told = json(&ng(&arguments).ok());
    assert_eq!(
        keys(&told),
        [
            "destination",
            "end_token",
            "findings",
            "first_token",
            "raw",
            "source",
            "table_matches",
            "tokens",
            "warnings"
        ]
    );
    assert_eq!(
        (&told["first_token"], &told["end_token"]),
        (&5.into(), &9.into())
    );
    assert_eq!((&told["tokens"], &told["raw"]), (&4.into(), &false.into()));
    // With the tokens on standard output, the report is on the other.
    let output = command(&[&"copy", &path, &"-", &"--raw", &"--json"])
        .output()
        .unwrap();
    assert_eq!(output.stdout.len(), 64 * COUNT);
    let told = json(&String::from_utf8(output.stderr).unwrap());
    assert_eq!(told["tokens"], COUNT);
}
