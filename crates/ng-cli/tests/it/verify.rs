//! `ng verify`.

use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;

use ng_store::{BlockHasher, Counted, FileWriter, TokenSink};
use ng_token::{Token, as_bytes};

use crate::harness::{BLOCK, COUNT, Place, TABLE, damage, data_offset, flip, json, keys, load, ng};

#[test]
fn a_sound_file_is_said_to_be_sound_by_any_number_of_threads() {
    let place = Place::new();
    for count in [0, 1, BLOCK, COUNT, 20 * BLOCK + 1] {
        let path = place.tokens(&count.to_string(), count);
        for threads in ["1", "2", "7"] {
            let told = ng(&[&"verify", &path, &"--threads", &threads]).ok();
            let blocks = count.div_ceil(BLOCK);
            let tokens = Counted(count as u64, "token");
            let blocks = Counted(blocks as u64, "block");
            let expected = format!(": {tokens} in {blocks}, all sound\n");
            assert!(told.ends_with(&expected), "{told}");
        }
    }
}

#[test]
fn a_flipped_byte_is_named_by_its_block_and_tokens() {
    let place = Place::new();
    let count = 20 * BLOCK + 100;
    let original = place.tokens("a.ngt", count);
    let path = place.named("b.ngt");
    for block in [0, 7, 8, 19, 20] {
        fs::copy(&original, &path).unwrap();
        damage(&path, block);
        for threads in ["1", "3"] {
            let arguments: [&dyn AsRef<std::ffi::OsStr>; 5] =
                [&"verify", &path, &"--json", &"--threads", &threads];
            let told = json(&ng(&arguments).bad());
            let first = block * BLOCK as u64;
            let bad = told["bad"].as_array().unwrap();
            assert_eq!(bad.len(), 1);
            assert_eq!(bad[0]["block"], block);
            assert_eq!(bad[0]["first_token"], first);
            assert_eq!(bad[0]["end_token"], (first + 4096).min(count as u64));
            assert_eq!(bad[0]["cause"], "data");
            assert_eq!(told["clean"], false);
        }
        let words = ng(&[&"verify", &path, &"--quiet"]).found(1);
        let (start, end) = (block * 4096, (block * 4096 + 4096).min(count as u64));
        let expected = format!("b.ngt: block {block} (tokens {start}..{end}) at 0x");
        assert!(
            words.contains("b.ngt: damaged, 1 of 21 blocks bad"),
            "{words}"
        );
        assert!(words.contains(&expected), "{words}");
        assert!(words.contains("the tokens are damaged (hash"), "{words}");
    }
}

#[test]
fn the_cause_is_told() {
    let place = Place::new();
    let original = place.tokens("a.ngt", COUNT);
    let data = data_offset(&original);
    let path = place.named("b.ngt");
    for (offset, block, cause, told) in [
        (data + 4, 0, "data", "the tokens are damaged"),
        (
            TABLE + 8,
            1,
            "table",
            "its entry in the block table is damaged",
        ),
        (
            data + 64 * (COUNT as u64 - 1),
            3,
            "restorable_tail",
            "its image makes it whole",
        ),
    ] {
        fs::copy(&original, &path).unwrap();
        flip(&path, offset);
        let words = ng(&[&"verify", &path]).found(1);
        assert!(words.contains(told), "no {told:?} in {words}");
        let parsed = json(&ng(&[&"verify", &path, &"--json"]).bad());
        assert_eq!(parsed["bad"][0]["block"], block);
        assert_eq!(parsed["bad"][0]["cause"], cause);
        assert_eq!(parsed["table_matches"], true);
    }
}

#[test]
fn the_report_has_its_keys() {
    let place = Place::new();
    let path = place.tokens("a.ngt", COUNT);
    damage(&path, 1);
    let told = json(&ng(&[&"verify", &path, &"--json"]).bad());
    let expected = [
        "bad",
        "blocks",
        "clean",
        "findings",
        "path",
        "table_matches",
        "tokens",
    ];
    assert_eq!(keys(&told), expected);
    let expected = [
        "block",
        "cause",
        "end_token",
        "expected",
        "first_token",
        "found",
        "offset",
    ];
    assert_eq!(keys(&told["bad"][0]), expected);
    assert_eq!(told["tokens"], COUNT);
    assert_eq!(told["blocks"], 4);
}

/// A block and its entry that match each other, but are not what was committed.
#[test]
fn a_table_that_was_replaced_with_its_blocks_is_told() {
    let place = Place::new();
    let path = place.tokens("a.ngt", COUNT);
    let hasher = FileWriter::open_append(&path).unwrap().block_hasher();
    let other = vec![Token::new(99); BLOCK];
    let hash = hasher.hash_block(0, &other);
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    file.write_all_at(as_bytes(&other), data_offset(&path))
        .unwrap();
    file.write_all_at(&hash.to_le_bytes(), TABLE).unwrap();
    let words = ng(&[&"verify", &path]).found(1);
    let verdict = "the blocks are sound by their entries, but the block table is not";
    assert!(words.contains(verdict), "{words}");
    let told = "the block table is not the one that was committed";
    assert!(words.contains(told), "{words}");
    let copied = ng(&[&"copy", &path, &place.named("copy")]).found(1);
    assert!(copied.contains(told), "{copied}");
    // No token is visibly lost, and none can be relied on.
    let ran = ng(&[&"repair", &path, &place.named("out")]);
    let saved = "12388 of 12388 tokens saved";
    assert!(ran.stdout.contains(saved), "{ran:?}");
    assert!(ran.stderr.contains(told), "{ran:?}");
    assert_eq!(ran.code, Some(1));
}

#[test]
fn rot_before_the_tokens_fails_and_what_a_power_cut_leaves_does_not() {
    let place = Place::new();
    let original = place.tokens("a.ngt", COUNT);
    let path = place.named("b.ngt");
    for (offset, code, told) in [
        (100, 1, "header damaged"),
        (0x3000 + 600, 1, "byte at 0x3258 is not zero"),
        (0x4000 + 8, 1, "tail image 1 damaged"),
        (0x3000 + 40, 0, "commit slot 1: copy 0 damaged"),
    ] {
        fs::copy(&original, &path).unwrap();
        flip(&path, offset);
        let ran = ng(&[&"verify", &path]);
        assert_eq!(ran.code, Some(code), "{ran:?}");
        assert!(ran.stderr.contains(told), "{ran:?}");
        let parsed = json(&ng(&[&"verify", &path, &"--json"]).stdout);
        assert_eq!(parsed["clean"], code == 0);
        assert_eq!(parsed["findings"].as_array().unwrap().len(), 1);
    }
    // The last one, even if quiet: verified, copied, repaired.
    let told = "commit slot 1: copy 0 damaged";
    for arguments in [&["verify"][..], &["copy", "c.ngt"], &["repair", "d.ngt"]] {
        let out = arguments.get(1).map(|name| place.named(name));
        let mut all: Vec<&dyn AsRef<OsStr>> = vec![&arguments[0], &path];
        all.extend(out.iter().map(|out| out as &dyn AsRef<OsStr>));
        all.push(&"--quiet");
        let words = ng(&all).found(0);
        assert!(words.contains(told), "{arguments:?}: {words}");
    }
}

/// Both copies of the newest slot: the commit before it is shown.
#[test]
fn a_commit_whose_slot_is_lost_is_never_called_sound() {
    let place = Place::new();
    let path = place.tokens("a.ngt", 10);
    ng(&[&"append", &path, &"--from", &place.raw("raw", 5)]).ok();
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    // Generation 3: that of the file, that of the opening, and the append's own.
    for copy in [0x3000, 0x3800] {
        file.write_all_at(&[7; 40], copy).unwrap();
    }
    let told = "commit slot 1 is lost";
    let words = ng(&[&"verify", &path]).found(1);
    assert!(words.contains(told), "{words}");
    // Its intent and its hashes prove what it held.
    let out = place.named("out");
    let words = ng(&[&"repair", &path, &out]).found(0);
    assert!(words.contains(told), "{words}");
    assert_eq!(load(&out).len(), 15);
}

#[test]
fn neighbours_that_are_bad_in_the_same_way_share_a_line_and_json_has_each() {
    let place = Place::new();
    let path = place.tokens("a.ngt", 20 * BLOCK);
    for block in [2, 5, 6, 7, 8, 10] {
        damage(&path, block);
    }
    let words = ng(&[&"verify", &path]).found(1);
    let lines: Vec<_> = words.lines().collect();
    assert_eq!(lines.len(), 5, "{words}");
    for (line, told) in lines.iter().zip([
        "a.ngt: damaged, 6 of 20 blocks bad",
        "a.ngt: block 2 (tokens 8192..12288) at 0x280000: the tokens are damaged (hash",
        "a.ngt: blocks 5..9 (tokens 20480..36864) at 0x340000: the tokens are damaged",
        "a.ngt: block 10 (tokens 40960..45056) at",
        "next: `ng repair FILE NEW`",
    ]) {
        assert!(line.contains(told), "no {told:?} in {line:?}");
    }
    let told = json(&ng(&[&"verify", &path, &"--json"]).bad());
    let blocks = told["bad"].as_array().unwrap().iter();
    let blocks: Vec<_> = blocks.map(|bad| bad["block"].as_u64().unwrap()).collect();
    assert_eq!(blocks, [2, 5, 6, 7, 8, 10]);
}

/// Each file is damaged in its own way, and the advice helps.
#[test]
fn the_last_line_is_the_next_step() {
    let place = Place::new();
    let original = place.tokens("a.ngt", COUNT);
    let end = data_offset(&original) + 64 * (COUNT as u64 - 1);
    let path = place.named("b.ngt");
    for (offset, verdict, next) in [
        (end, "b.ngt: damaged, 1 of 4 blocks bad", "ng append FILE"),
        (TABLE, "b.ngt: damaged, 1 of 4 blocks bad", "ng repair FILE"),
        (
            100,
            "b.ngt: the blocks are sound, but the head of the file is damaged",
            "ng repair FILE",
        ),
    ] {
        fs::copy(&original, &path).unwrap();
        flip(&path, offset);
        let words = ng(&[&"verify", &path]).found(1);
        let last = words.lines().last().unwrap();
        assert!(
            words.starts_with("error: ") && words.contains(verdict),
            "{words}"
        );
        assert!(last.starts_with("next: ") && last.contains(next), "{words}");
        let out = place.named("out");
        match next {
            "ng append FILE" => ng(&[&"append", &path, &"--from", &"/dev/null"]),
            _ => ng(&[&"repair", &path, &out, &"--replace"]),
        }
        .found(0);
        let mended = if next == "ng append FILE" {
            path.clone()
        } else {
            out
        };
        ng(&[&"verify", &mended]).ok();
    }
}
