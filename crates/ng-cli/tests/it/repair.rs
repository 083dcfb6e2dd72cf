//! `ng repair`.

#![allow(
    clippy::single_range_in_vec_init,
    reason = "the lost ranges are listed as the report lists them"
)]

use std::ffi::OsStr;
use std::fs;
use std::ops::Range;

use ng_store::BlockReader;
use ng_token::Token;

use crate::harness::{
    BLOCK, COUNT, Place, TABLE, damage, data_offset, flip, json, keys, load, ng, token, tokens,
    write,
};

/// The tokens of a file in which those ranges are lost.
fn with_holes(lost: &[Range<usize>]) -> Vec<Token> {
    let mut expected = tokens(0..COUNT);
    for range in lost {
        expected[range.clone()].fill(Token::ZERO);
    }
    expected
}

fn without(lost: &[Range<usize>]) -> Vec<Token> {
    let is_lost = |index: &usize| lost.iter().any(|range| range.contains(index));
    let kept = (0..COUNT).filter(|index| !is_lost(index));
    kept.map(crate::harness::token).collect()
}

#[test]
fn every_other_index_is_kept_and_what_is_lost_is_said() {
    for (blocks, lost) in [
        (&[1][..], &[BLOCK..2 * BLOCK][..]),
        (&[0, 1, 3], &[0..2 * BLOCK, 3 * BLOCK..COUNT]),
    ] {
        let place = Place::new();
        let path = place.tokens("a.ngt", COUNT);
        blocks.iter().for_each(|&block| damage(&path, block));
        let before = fs::read(&path).unwrap();
        let out = place.named("out.ngt");
        let words = ng(&[&"repair", &path, &out]).found(1);
        assert!(load(&out) == with_holes(lost));
        for range in lost {
            let (first, end) = (range.start / BLOCK, range.end.div_ceil(BLOCK));
            let told = format!(
                "lost: tokens {}..{}, blocks {first}..{end}; zero tokens in their place",
                range.start, range.end
            );
            assert!(words.contains(&told), "no {told:?} in {words}");
        }
        ng(&[&"verify", &out]).ok();

        let compact = place.named("compact.ngt");
        let words = ng(&[&"repair", &path, &compact, &"--compact"]).found(1);
        assert!(words.contains("left out"), "{words}");
        assert!(load(&compact) == without(lost));
        assert!(
            fs::read(&path).unwrap() == before,
            "the damaged file changed"
        );
    }
}

#[test]
fn a_file_that_lost_nothing_is_repaired_with_success() {
    let place = Place::new();
    let path = place.tokens("a.ngt", COUNT);
    let out = place.named("out.ngt");
    let words = ng(&[&"repair", &path, &out]).ok();
    assert!(
        words.contains("12388 of 12388 tokens saved into"),
        "{words}"
    );
    // With a rotten entry or a restorable end the tokens are there.
    flip(&path, TABLE + 3);
    flip(&path, data_offset(&path) + 64 * (COUNT as u64 - 1));
    let words = ng(&[&"repair", &path, &out, &"--replace"]).found(0);
    assert!(
        words.contains("its entry in the block table is damaged"),
        "{words}"
    );
    assert!(load(&out) == tokens(0..COUNT));
    let info = BlockReader::open(&out).unwrap().info();
    assert_eq!((info.tag, info.max_tokens), (5, 1 << 20));
}

#[test]
fn a_truncated_file_is_repaired_as_far_as_it_goes() {
    let place = Place::new();
    let path = place.tokens("a.ngt", COUNT);
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(data_offset(&path) + 64 * BLOCK as u64 + 9)
        .unwrap();
    let out = place.named("out.ngt");
    ng(&[&"repair", &path, &out]).found(1);
    assert!(load(&out) == with_holes(&[BLOCK..COUNT]));
}

#[test]
fn the_report_has_its_keys() {
    let place = Place::new();
    let path = place.tokens("a.ngt", COUNT);
    damage(&path, 3);
    let out = place.named("out.ngt");
    let told = json(&ng(&[&"repair", &path, &out, &"--json"]).bad());
    assert_eq!(
        keys(&told),
        [
            "bad",
            "basis",
            "compact",
            "findings",
            "hash_only",
            "intent_generation",
            "kept",
            "lost",
            "may_be_older",
            "out",
            "path",
            "table_matches",
            "tokens",
            "unproven",
            "whole"
        ]
    );
    assert_eq!(
        keys(&told["lost"][0]),
        ["end_block", "end_token", "first_block", "first_token"]
    );
    assert_eq!(told["tokens"], COUNT);
    assert_eq!(told["kept"], 3 * BLOCK);
    assert_eq!(told["lost"][0]["first_token"], 3 * BLOCK);
    assert_eq!(told["lost"][0]["end_token"], COUNT);
    assert_eq!(told["bad"][0]["block"], 3);
    assert_eq!(told["basis"], "slot");
    for key in ["may_be_older", "whole"] {
        assert_eq!(told[key], false, "{key}");
    }
}

#[test]
fn an_existing_file_is_replaced_only_when_asked() {
    let place = Place::new();
    let path = place.tokens("a.ngt", COUNT);
    damage(&path, 1);
    let out = place.named("out.ngt");
    fs::write(&out, "mine").unwrap();
    ng(&[&"repair", &path, &out]).failed(&["out.ngt: exists; --replace replaces it"]);
    assert_eq!(fs::read(&out).unwrap(), b"mine");
    ng(&[&"repair", &path, &out, &"--replace"]).found(1);
    assert_eq!(place.names(), ["a.ngt", "out.ngt"]);
}

/// Entries of a sector of the table are gone, and blocks beside: which of the blocks are whole
/// cannot be known.
#[test]
fn blocks_of_which_nothing_can_be_told_are_kept_only_when_asked() {
    let place = Place::new();
    let (count, unknown) = (40 * BLOCK, 0..30 * BLOCK);
    let path = place.tokens("a.ngt", count);
    write(&path, TABLE, &[0; 8 * 30]);
    [3, 11, 20].iter().for_each(|&block| damage(&path, block));
    let (out, kept) = (place.named("out.ngt"), place.named("kept.ngt"));
    let words = ng(&[&"repair", &path, &out]).found(1);
    assert!(words.contains("lost: tokens 0..122880"), "{words}");
    assert!(load(&out)[unknown.clone()] == vec![Token::ZERO; unknown.len()]);
    let ran = ng(&[&"repair", &path, &kept, &"--keep-unproven"]);
    let saved = "40960 of 163840 tokens saved";
    assert!(ran.stdout.contains(saved), "{ran:?}");
    let words = ran.found(1);
    let told = "kept as found: tokens 0..122880, blocks 0..30; nothing is left to check them";
    assert!(words.contains(told), "{words}");
    assert!(!words.contains("lost:"), "{words}");
    let loaded = load(&kept);
    for index in [0, 5 * BLOCK, 29 * BLOCK, 39 * BLOCK] {
        assert_eq!(loaded[index], token(index));
    }
    let arguments: [&dyn AsRef<OsStr>; 6] = [
        &"repair",
        &path,
        &kept,
        &"--keep-unproven",
        &"--replace",
        &"--json",
    ];
    let told = json(&ng(&arguments).bad());
    assert_eq!(told["unproven"][0]["end_token"], unknown.end);
    assert!(told["lost"].as_array().unwrap().is_empty());
}
