//! A file that lost the slot of its newest commit, which was acknowledged.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use ng_token::as_bytes;

use crate::harness::{Place, json, keys, load, ng, tokens, write};

const OLDER: usize = 10_000;
const NEWER: usize = 11_000;
/// Where the slots are, each with two copies, and the pages behind them.
const SLOTS: [u64; 2] = [0x1000, 0x3000];
const PAGE: usize = 0x1000;

/// The message wherever the older commit is shown.
const TOLD: &str =
    "is lost and may have held the newest commit: tokens 10000..11000 may be missing";

/// Which slot has the newest commit: opening to append takes a generation too.
fn newest_slot(path: &Path) -> usize {
    let told = json(&ng(&[&"info", &path, &"--json"]).ok());
    (told["generation"].as_u64().unwrap() & 1) as usize
}

/// 10,000 tokens, then 1,000 more. `pages` of the newest commit's are zeroed: its slot, and the
/// page behind with its tail image and intent.
fn lost(place: &Place, pages: usize) -> PathBuf {
    let path = place.tokens("a.ngt", OLDER);
    let raw = place.named("raw");
    fs::write(&raw, as_bytes(&tokens(OLDER..NEWER))).unwrap();
    ng(&[&"append", &path, &"--from", &raw]).ok();
    let slot = newest_slot(&path);
    write(&path, SLOTS[slot], &vec![0; pages * PAGE]);
    fs::write(&raw, as_bytes(&tokens(OLDER..OLDER + 1))).unwrap();
    path
}

/// One token once replaced a thousand that were acknowledged, and `verify` had nothing to say.
#[test]
fn nothing_is_appended_over_it() {
    let place = Place::new();
    let path = lost(&place, 1);
    let before = fs::read(&path).unwrap();
    let raw = place.named("raw");
    let ways = ["`ng repair FILE NEW`", "`--older-commit`"];
    for verb in [&["append"][..], &["trim"]] {
        let mut arguments: Vec<&dyn AsRef<OsStr>> = vec![&verb[0], &path];
        if verb == ["append"] {
            arguments.extend([&"--from" as &dyn AsRef<OsStr>, &raw]);
        }
        ng(&arguments).failed(&["a.ngt: commit slot 1", TOLD, ways[0], ways[1]]);
        arguments.push(&"--json");
        assert_eq!(json(&ng(&arguments).stderr)["kind"], "slot_lost");
        assert!(fs::read(&path).unwrap() == before, "{verb:?}");
    }
}

#[test]
fn the_older_commit_is_given_told_and_a_failure() {
    let place = Place::new();
    let path = lost(&place, 1);
    let (copy, raw) = (place.named("copy"), place.named("copy.raw"));
    for (arguments, code) in [
        (&[&"verify" as &dyn AsRef<OsStr>, &path][..], 1),
        (&[&"head", &path, &"-n", &"3"], 1),
        (&[&"copy", &path, &copy], 1),
        (&[&"copy", &path, &raw, &"--raw"], 1),
        (&[&"info", &path], 0),
    ] {
        let ran = ng(arguments);
        let words = ran.stderr.clone();
        let is_verify = arguments.len() == 2 && code == 1;
        assert_eq!(ran.stdout.is_empty(), is_verify, "{ran:?}");
        assert_eq!(ran.code, Some(code), "{ran:?}");
        let is_error = |line: &str| line.starts_with("error: ") && line.ends_with(TOLD);
        assert!(words.lines().any(is_error), "{words}");
        let last = words.lines().last().unwrap();
        let next = "next: `ng repair FILE NEW` recovers what can be proven";
        assert!(last.starts_with(next), "{words}");
        assert!(last.contains("`--older-commit`"), "{words}");
    }
    let expected = tokens(0..OLDER);
    assert!(load(&copy) == expected);
    assert!(fs::read(&raw).unwrap() == as_bytes(&expected));
    let verdict = "a.ngt: the blocks are sound, but a newer commit may be lost";
    let words = ng(&[&"verify", &path]).found(1);
    assert!(words.contains(verdict), "{words}");
}

#[test]
fn programs_are_told_by_a_key() {
    let place = Place::new();
    let path = lost(&place, 1);
    let copy = place.named("copy");
    let told = [
        ng(&[&"info", &path, &"--json"]).ok(),
        ng(&[&"verify", &path, &"--json"]).bad(),
        ng(&[&"copy", &path, &copy, &"--json"]).bad(),
        ng(&[&"head", &path, &"--json"]).found(1),
        ng(&[&"repair", &path, &place.named("out"), &"--json"]).ok(),
    ];
    for text in told {
        let slot = &json(&text)["slot_lost"];
        assert_eq!(keys(slot), ["lost_tokens", "slot", "tokens"]);
        assert_eq!(slot["slot"], 1);
        assert_eq!(slot["tokens"], OLDER);
        assert_eq!(slot["lost_tokens"], NEWER);
    }
}

#[test]
fn repair_recovers_it_whole() {
    let place = Place::new();
    let path = lost(&place, 1);
    let out = place.named("out");
    let ran = ng(&[&"repair", &path, &out]);
    assert!(
        ran.stdout.contains("11000 of 11000 tokens saved"),
        "{ran:?}"
    );
    let words = ran.found(0);
    let told = "commit slot 1 is lost; generation 3 recovered from its intent: whole, and perhaps \
                never acknowledged";
    assert!(words.contains(told), "{words}");
    assert!(!words.contains("may be missing"), "{words}");
    assert!(load(&out) == tokens(0..NEWER));
    let told = json(&ng(&[&"repair", &path, &out, &"--replace", &"--json"]).ok());
    assert_eq!(told["basis"], "intent");
    assert_eq!(told["intent_generation"], 3);
    assert_eq!(told["whole"], true);
    assert!(!told["findings"][0].as_str().unwrap().contains("missing"));
}

#[test]
fn what_was_damaged_of_it_is_not_called_whole() {
    let place = Place::new();
    let path = lost(&place, 1);
    crate::harness::damage(&path, 0);
    let out = place.named("out");
    let words = ng(&[&"repair", &path, &out]).found(1);
    let told = "generation 3 recovered from its intent as far as its hashes hold";
    assert!(words.contains(told), "{words}");
    assert!(words.contains("lost: tokens 0..4096"), "{words}");
}

#[test]
fn it_is_given_up_when_asked() {
    let place = Place::new();
    let path = lost(&place, 1);
    let (out, raw) = (place.named("out"), place.named("raw"));
    let told = "a.ngt: commit slot 1 is lost; its commit is given up as asked, tokens \
                10000..11000 with it";
    let ran = ng(&[&"repair", &path, &out, &"--older-commit"]);
    assert!(
        ran.stdout.contains("10000 of 10000 tokens saved"),
        "{ran:?}"
    );
    let words = ran.found(1);
    assert!(words.contains(told), "{words}");
    assert!(load(&out) == tokens(0..OLDER));
    let words = ng(&[&"append", &path, &"--from", &raw, &"--older-commit"]).found(0);
    assert!(
        words.starts_with("warning: ") && words.contains(told),
        "{words}"
    );
    assert!(load(&path) == tokens(0..OLDER + 1));
    ng(&[&"verify", &path]).ok();
}

/// Neither its slot nor its intent is left, as in a file of format 1.0.
#[test]
fn where_nothing_is_known_of_it_that_is_said() {
    let place = Place::new();
    let path = lost(&place, 2);
    let told = "an unknown number of tokens from 10000 on may be missing";
    ng(&[&"append", &path, &"--from", &place.named("raw")]).failed(&[told]);
    let slot = &json(&ng(&[&"info", &path, &"--json"]).ok())["slot_lost"];
    assert!(slot["lost_tokens"].is_null(), "{slot}");
    let out = place.named("out");
    let ran = ng(&[&"repair", &path, &out]);
    assert!(
        ran.stdout.contains("10000 of 10000 tokens saved"),
        "{ran:?}"
    );
    let words = ran.found(1);
    assert!(words.contains(told), "{words}");
    let told = json(&ng(&[&"repair", &path, &out, &"--replace", &"--json"]).bad());
    assert_eq!(told["basis"], "slot");
    assert_eq!(told["may_be_older"], true);
}
