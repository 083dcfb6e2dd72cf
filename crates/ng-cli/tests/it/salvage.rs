//! Files without any commit slot left.

#![allow(
    clippy::single_range_in_vec_init,
    reason = "what is zero is a list of ranges"
)]

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::harness::{BLOCK, COUNT, Place, json, load, ng, tokens, write};

/// Refused by all but `--salvage`, which the hint names.
fn assert_refused(path: &Path, out: &Path, told: &str, kind: &str) {
    ng(&[&"repair", &path, &out]).failed(&[told, "--salvage"]);
    let ran = ng(&[&"repair", &path, &out, &"--json"]);
    assert_eq!(json(&ran.stderr)["kind"], kind, "{ran:?}");
    assert!(!out.exists());
}

fn file(place: &Place, zeros: &[Range<usize>]) -> (PathBuf, PathBuf) {
    let path = place.tokens("a.ngt", COUNT);
    for range in zeros {
        write(&path, range.start as u64, &vec![0; range.len()]);
    }
    (path, place.named("out"))
}

#[test]
fn without_slots_everything_is_found_by_the_intents() {
    let place = Place::new();
    let (path, out) = file(&place, &[0x1000..0x2000, 0x3000..0x4000]);
    assert_refused(&path, &out, "no valid commit slot", "no_commit");
    let before = fs::read(&path).unwrap();
    let ran = ng(&[&"repair", &path, &out, &"--salvage"]);
    assert!(
        ran.stdout.contains("12388 of 12388 tokens saved"),
        "{ran:?}"
    );
    let words = ran.found(0);
    let told = "no commit slot is left; generation 1 recovered from its intent: whole, and \
                perhaps never acknowledged";
    assert!(words.contains(told), "{words}");
    assert!(load(&out) == tokens(0..COUNT));
    assert!(fs::read(&path).unwrap() == before);
}

#[test]
fn without_header_slots_and_intents_every_full_block_is_found() {
    let place = Place::new();
    let (path, out) = file(&place, &[0..0x5000]);
    assert_refused(&path, &out, "not a token file", "not_a_token_file");
    let ran = ng(&[&"repair", &path, &out, &"--salvage"]);
    assert!(
        ran.stdout.contains("12288 of 12288 tokens saved"),
        "{ran:?}"
    );
    let words = ran.found(1);
    for told in [
        "saved: tokens 0..12288, blocks 0..3; their blocks have their hashes, no commit vouches",
        "header damaged, read from a copy of it",
        "no commit slot is left; the last full block that has its hash is taken for the end",
        "a newer commit may be lost",
    ] {
        assert!(words.contains(told), "no {told:?} in {words}");
    }
    assert!(
        !words.contains("is not the one that was committed"),
        "{words}"
    );
    assert!(load(&out) == tokens(0..3 * BLOCK));
    let arguments = ["--salvage", "--replace", "--json"];
    let mut command = crate::harness::command(&[&"repair", &path, &out]);
    let ran = crate::harness::Ran::from(command.args(arguments).output().unwrap());
    let told = json(&ran.bad());
    assert_eq!(told["basis"], "last_block");
    assert_eq!(told["hash_only"][0]["end_token"], 3 * BLOCK);
    assert_eq!(told["whole"], false);
    assert!(told["intent_generation"].is_null() && told["table_matches"].is_null());
}

#[test]
fn nothing_is_hinted_at_that_was_tried() {
    let place = Place::new();
    let (path, out) = file(&place, &[0..0x10000]);
    let ran = ng(&[&"repair", &path, &out, &"--salvage"]);
    assert!(!ran.stderr.contains("--salvage"), "{ran:?}");
    ran.failed(&["not a token file"]);
}
