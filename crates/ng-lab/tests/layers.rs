//! Each folder of the lab imports only folders below it.

#![allow(clippy::unwrap_used, reason = "a failing test shows where")]

use std::fs;
use std::path::{Path, PathBuf};

/// The folders from the bottom up. `lib.rs` is above them all, and nothing imports from
/// it: each name it re-exports belongs to a folder.
const FOLDERS: [&str; 9] = [
    "model",
    "stats",
    "machine",
    "worker",
    "conductor",
    "judge",
    "report",
    "soak",
    "session",
];

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_in(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The folder of a file, directly below `src`.
fn folder_of<'f>(src: &Path, file: &'f Path) -> &'f str {
    let first = file.strip_prefix(src).unwrap().components().next().unwrap();
    first.as_os_str().to_str().unwrap()
}

/// The names right after `crate::` in a source, comments and tests included.
fn named(source: &str) -> impl Iterator<Item = &str> {
    source.split("crate::").skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
        &rest[..end.unwrap_or(rest.len())]
    })
}

/// The forbidden imports of `source` in `folder`.
fn upward(folder: &str, source: &str) -> Vec<String> {
    let place = |name: &str| FOLDERS.iter().position(|folder| *folder == name);
    let own = place(folder);
    named(source)
        .filter(|name| place(name).is_none_or(|found| Some(found) > own))
        .map(|name| format!("{folder} imports crate::{name}"))
        .collect()
}

#[test]
fn no_folder_imports_one_above_it() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for file in files_in(&src) {
        let folder = folder_of(&src, &file);
        if folder == "lib.rs" {
            continue;
        }
        seen += 1;
        assert!(FOLDERS.contains(&folder), "{} has no place", file.display());
        let source = fs::read_to_string(&file).unwrap();
        let found = upward(folder, &source).into_iter();
        wrong.extend(found.map(|what| format!("{}: {what}", file.display())));
    }
    assert!(seen > 50, "{seen} files seen");
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn an_import_upwards_or_from_the_root_is_detected() {
    for (folder, source, expected) in [
        ("judge", "use crate::conductor::Plan;", None),
        ("judge", "use crate::judge::gate;", None),
        (
            "judge",
            "use crate::report::text;",
            Some("judge imports crate::report"),
        ),
        (
            "model",
            "/// See [`crate::worker::run`].",
            Some("model imports crate::worker"),
        ),
        (
            "soak",
            "use crate::Limit;",
            Some("soak imports crate::Limit"),
        ),
        (
            "stats",
            "use crate::{judge};",
            Some("stats imports crate::"),
        ),
    ] {
        let found = upward(folder, source);
        assert_eq!(found.first().map(String::as_str), expected, "{source}");
    }
}

#[test]
fn sections_do_not_depend_on_forms() {
    let report = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report");
    let (mut seen, says) = (0, ["sections", "text.rs"]);
    for file in files_in(&report) {
        if says.contains(&folder_of(&report, &file)) {
            let source = fs::read_to_string(&file).unwrap();
            let ways = [
                "report::forms",
                "report::html",
                "report::markdown",
                "report::terminal",
            ];
            // Tests may use a form.
            let own = source.split("#[cfg(test)]").next().unwrap();
            assert!(
                !ways.iter().any(|way| own.contains(way)),
                "{}",
                file.display()
            );
            seen += 1;
        }
    }
    assert!(seen > 10, "{seen} files seen");
}
