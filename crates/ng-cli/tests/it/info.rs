//! `ng info`.

use std::fs::OpenOptions;

use crate::harness::{COUNT, Place, data_offset, flip, json, keys, ng};

const KEYS: [&str; 17] = [
    "allocated_bytes",
    "committed",
    "created",
    "data_offset",
    "file_id",
    "findings",
    "generation",
    "index_blocks",
    "length",
    "max_tokens",
    "path",
    "read_only",
    "room_bytes",
    "table_offset",
    "tag",
    "tokens",
    "version",
];

#[test]
fn a_file_says_everything_about_itself() {
    let place = Place::new();
    let path = place.tokens("a.ngt", COUNT);
    let told = json(&ng(&[&"info", &path, &"--json"]).ok());
    assert_eq!(keys(&told), KEYS);
    for (key, expected) in [
        ("tokens", COUNT as u64),
        ("max_tokens", 1 << 20),
        ("generation", 1),
        ("tag", 5),
        ("table_offset", 0x10000),
        ("data_offset", 2 << 20),
        ("length", (2 << 20) + 64 * COUNT as u64),
        ("room_bytes", 0),
    ] {
        assert_eq!(told[key], expected, "{key}");
    }
    let allocated = told["allocated_bytes"].as_u64().unwrap();
    assert!(allocated >= 64 * COUNT as u64, "{allocated}");
    assert!(allocated < 2 << 20, "the hole is counted: {allocated}");
    assert_eq!(told["version"], "1.1");
    assert_eq!(told["file_id"].as_str().unwrap().len(), 32);
    assert!(told["findings"].as_array().unwrap().is_empty());
    for time in ["created", "committed"] {
        let text = told[time].as_str().unwrap();
        let age = std::time::SystemTime::now()
            .duration_since(humantime::parse_rfc3339(text).unwrap())
            .unwrap();
        assert!(age.as_secs() < 3600, "{time} {text}");
        assert!(text.ends_with('Z'), "{text}");
    }
    let words = ng(&[&"info", &path, &"--quiet"]).ok();
    for line in [
        "tokens           12388",
        "max tokens       1048576",
        "found damaged    nothing",
    ] {
        assert!(
            words.lines().any(|told| told == line),
            "no {line:?} in {words}"
        );
    }
}

#[test]
fn damage_before_the_tokens_and_at_their_end_is_told() {
    let place = Place::new();
    let data = data_offset(&place.tokens("a.ngt", COUNT));
    for (offset, told) in [
        (100, "header damaged, read from a copy of it"),
        (
            0x3000 + 40,
            "commit slot 1: copy 0 damaged, read from the other",
        ),
        (0x3000 + 600, "byte at 0x3258 is not zero"),
        (0x4000 + 8, "tail image 1 damaged, and not needed"),
        (data + 64 * (COUNT as u64 - 1), "its image makes it whole"),
        (data + 64 * 3 * 4096, "the tokens are damaged"),
    ] {
        let path = place.named("b.ngt");
        std::fs::copy(place.named("a.ngt"), &path).unwrap();
        flip(&path, offset);
        let ran = ng(&[&"info", &path]);
        let count = "found damaged    1 finding, listed on standard error\n";
        assert!(ran.stdout.ends_with(count), "{ran:?}");
        let words = ran.found(0);
        assert!(words.contains(told), "no {told:?} in {words}");
        let parsed = json(&ng(&[&"info", &path, &"--json"]).ok());
        let finding = parsed["findings"][0].as_str().unwrap();
        assert!(finding.contains(told), "{finding}");
    }
}

/// A file of 100M tokens by its length, none of which is read.
#[test]
fn opening_reads_no_more_for_more_tokens() {
    let place = Place::new();
    let path = place.tokens("a.ngt", COUNT);
    let reads = |path: &std::path::Path| {
        let script = "exec 3<\"$1\"; \"$0\" info \"$1\" >/dev/null; cat /proc/$$/io";
        let output = std::process::Command::new("sh")
            .args(["-c", script, env!("CARGO_BIN_EXE_ng")])
            .arg(path)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("rchar: "));
        line.unwrap().parse::<u64>().unwrap()
    };
    let small = reads(&path);
    let large = place.named("large.ngt");
    ng(&[&"create", &large, &"--tokens", &"1M", &"-q"]).ok();
    let file = OpenOptions::new().write(true).open(&large).unwrap();
    file.set_len(file.metadata().unwrap().len() + (6 << 30))
        .unwrap();
    let difference = reads(&large).abs_diff(small);
    // The block that is not full has up to 256 KiB.
    assert!(difference < 512 << 10, "{difference} bytes more");
}
