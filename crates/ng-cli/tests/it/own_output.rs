//! New files that would overwrite the input.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::harness::{BLOCK, Place, Ran, command, json, load, names, ng, tokens};

/// Runs a verb from `a` to `b`.
fn run(verb: &[&str], a: &Path, b: &Path) -> Ran {
    let arguments = verb.iter().map(|&word| match word {
        "A" => a.to_owned(),
        "B" => b.to_owned(),
        word => word.into(),
    });
    command(&[]).args(arguments).output().unwrap().into()
}

/// Verbs that read tokens of `A` and make a file `B` that is not a token file, or has another
/// order.
const READERS: [&[&str]; 4] = [
    &["query", "A", "-o", "B", "--format", "csv", "--replace"],
    &[
        "query",
        "A",
        "-o",
        "B",
        "--format",
        "parquet",
        "--count",
        "--replace",
    ],
    &["export", "A", "B", "--format", "csv", "--replace"],
    &["copy", "A", "B", "--raw", "--replace"],
];

/// Verbs that make token files of tokens.
const COPIERS: [&[&str]; 3] = [
    &["copy", "A", "B", "--replace"],
    &["sort", "A", "B", "--by", "id", "--replace"],
    &["repair", "A", "B", "--replace"],
];

/// Verbs that read an input `A` that is not a token file.
const TAKERS: [&[&str]; 2] = [
    &["create", "B", "--from", "A", "--replace"],
    &["append", "B", "--from", "A"],
];

/// A file by its name and by links.
fn names_of(place: &Place, path: &Path) -> [PathBuf; 3] {
    let (hard, soft) = (place.named("hard"), place.named("soft"));
    fs::hard_link(path, &hard).unwrap();
    symlink(path, &soft).unwrap();
    [path.to_owned(), hard, soft]
}

#[test]
fn no_verb_writes_over_its_input() {
    let place = Place::new();
    let path = place.tokens("a.ngt", 10);
    let outs = names_of(&place, &path);
    for verb in READERS {
        for out in &outs {
            run(verb, &path, out).failed(&[&out.display().to_string(), "is the input itself"]);
        }
    }
    let raw = Place::new();
    let records = raw.raw("a.raw", 10);
    let before = fs::read(&records).unwrap();
    for verb in TAKERS {
        for out in names_of(&raw, &records) {
            run(verb, &records, &out).failed(&["is the input itself"]);
            assert_eq!(fs::read(&out).unwrap(), before);
        }
        fs::remove_file(raw.named("hard")).unwrap();
        fs::remove_file(raw.named("soft")).unwrap();
    }
    assert!(load(&path) == tokens(0..10));
    let told = ng(&[&"export", &path, &path, &"--format", &"csv", &"--json"]);
    assert_eq!(json(&told.stderr)["kind"], "exists");
    // --replace would not help.
    assert!(!told.stderr.contains("--replace"), "{told:?}");
}

#[test]
fn no_verb_writes_into_the_index_of_its_input() {
    let place = Place::new();
    let path = place.tokens("a.ngt", BLOCK);
    ng(&[&"index", &path, &"-q"]).ok();
    let folder = place.named("a.ngt.index");
    let before = names(&folder);
    let manifest = fs::read(folder.join("index.json")).unwrap();
    symlink(&folder, place.named("way")).unwrap();
    symlink(folder.join("index.json"), place.named("leads")).unwrap();
    for out in [
        folder.join("index.json"),
        folder.join("new"),
        place.named("way").join("new"),
        place.named("leads"),
    ] {
        for verb in READERS.iter().chain(&COPIERS) {
            run(verb, &path, &out).failed(&["is in the folder of the input's index"]);
        }
    }
    assert_eq!(names(&folder), before);
    assert_eq!(fs::read(folder.join("index.json")).unwrap(), manifest);
}
