//! Follows `docs/experiments.md` from its first line to its last, and the commands of
//! `docs/query.md`.
//!
//! One bash runs the shell blocks, in the order and the folders of the document; a text block below
//! one is its expected output, with `…` for what varies. A block of Rust, Python or TOML begins
//! with a comment that names a file, and is written there. What runs differently is in [`INSTEAD`];
//! what does not run is in [`NOT_RUN`], or needs Python where there is none.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]
// The document is for Linux.
#![cfg(target_os = "linux")]

mod document;
mod generator;
mod printed;
mod session;

use std::fs;
use std::path::{Path, PathBuf};

use document::{NOT_RUN, parse};
use session::{Session, has, instead};

/// Text of the document, and what runs in its place: so that nothing is rebuilt that was built for
/// the test, nothing is optimised, and all files are small and in the test's own folder.
const INSTEAD: [(&str, &str); 7] = [
    ("cargo build --release --package ng-cli", "true"),
    ("$CLONE/target/release:", "$TESTED:"),
    ("~/ng-experiments", "\"$FOLDER\""),
    ("TOKENS=10M", "TOKENS=200k"),
    ("TOKENS=400M", "TOKENS=300k"),
    // The versions of the workspace, which are on this machine.
    (
        "cargo new my-experiment",
        "cargo new my-experiment && cp \"$CLONE/Cargo.lock\" my-experiment",
    ),
    ("cargo run --quiet --release", "cargo run --quiet"),
];

/// The section whose blocks need Python, and whose files no other section uses.
const PYTHON_SECTION: &str = "Records of your own";

#[test]
fn the_document_can_be_followed_from_top_to_bottom() {
    let text = fs::read_to_string(root().join("docs/experiments.md")).unwrap();
    for (there, _) in INSTEAD {
        assert!(text.contains(there), "nothing to run otherwise: {there}");
    }
    let document = parse(&text).unwrap();
    let left_out = document.iter().filter(|block| block.is_left_out());
    let left_out: Vec<_> = left_out.map(|block| block.text.as_str()).collect();
    assert_eq!(left_out, NOT_RUN);

    if !has("bash") {
        eprintln!("skipped: there is no bash");
        return;
    }
    let python = has("python3");
    if !python {
        eprintln!("skipped: {PYTHON_SECTION:?}, since there is no python3");
    }
    let mut session = Session::new(&root());
    session.follow(&document, |block| {
        !block.is_left_out() && (python || block.section != PYTHON_SECTION)
    });
    session.ended_well();
    printed::check(&document, &session);
    if python {
        generator::check(&session.folder().join("mine.ngt"));
    }
}

/// What the documents of single commands assume.
const READY: &str = "```sh\nCLONE=$PWD\nPATH=$CLONE/target/release:$PATH\nmkdir -p ~/ng-experiments\ncd ~/ng-experiments\n```\n";

#[test]
fn the_operations_of_a_query_print_what_stands_below_them() {
    if !has("bash") {
        eprintln!("skipped: there is no bash");
        return;
    }
    let text = fs::read_to_string(root().join("docs/query.md")).unwrap();
    // ng-query's own tests parse what comes before.
    let (_, operations) = text.split_once("## Operations, by example").unwrap();
    let document = parse(&format!("{READY}{operations}")).unwrap();
    assert!(document.len() > 30, "{} blocks", document.len());
    let mut session = Session::new(&root());
    session.follow(&document, |_| true);
    let compared = session
        .end()
        .and_then(|()| printed::compare(&document, &session));
    if let Err(told) = compared {
        panic!("docs/query.md, in the operations: {told}");
    }
}

/// The folder of the workspace.
fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().unwrap()
}

/// What identifies a wrong document.
#[track_caller]
fn told(text: &str) -> String {
    let document = match parse(text) {
        Ok(document) => document,
        Err(error) => return error,
    };
    let mut session = Session::new(&root());
    session.follow(&document, |block| !block.is_left_out());
    let told = session
        .end()
        .and_then(|()| printed::compare(&document, &session));
    told.expect_err("a document that is wrong was taken")
}

#[test]
fn a_document_that_is_wrong_is_told_by_the_line() {
    if !has("bash") {
        eprintln!("skipped: there is no bash");
        return;
    }
    let begin = "```sh\nCLONE=$PWD\nPATH=$CLONE/target/release:$PATH\n```\n";
    for (wrong, line, part) in [
        (
            "```sh\nng info --nonsense\n```",
            5,
            "unexpected argument '--nonsense'",
        ),
        ("```sh\nng info none.ngt\n```", 5, "none.ngt"),
        (
            "```sh\nset -o pipefail\nfalse | true\n```",
            5,
            "exit code 1",
        ),
        ("```sh\necho $NOBODY_SET_THIS\n```", 5, "NOBODY_SET_THIS"),
        (
            "```sh\nexit 0\n```\n```sh\necho 1\n```",
            5,
            "did not come to its end",
        ),
        ("```sh\necho 1 a 3\n```\n```text\n1 … 4\n```", 8, "1 a 3"),
        (
            "```sh\necho 1\n```\n```text\n1\n2\n```",
            8,
            "expected\n1\n2",
        ),
        (
            "```sh\nprintf '1\\n2\\n'\n```\n```text\n1\n```",
            8,
            "printed\n1\n2",
        ),
        (
            "```sh\n```\n```text\n```\n```text\n```",
            9,
            "not below a block of shell",
        ),
        ("```\nng info\n```", 5, "no language"),
        ("```rust\nfn main() {}\n```", 5, "no file is named"),
        ("```rust\n// ../main.rs\n```", 5, "no file is named"),
        ("```sh\necho 1\n", 5, "has no end"),
    ] {
        let told = told(&format!("{begin}{wrong}"));
        assert!(told.contains(part), "{wrong:?}: no {part:?} in {told}");
        assert!(told.contains(&format!("line {line}")), "{wrong:?}: {told}");
    }
}

#[test]
fn what_is_run_otherwise_is_the_part_that_is_named() {
    let block = "TOKENS=10M   # 640 MB\ncd ~/ng-experiments";
    assert_eq!(instead(block), "TOKENS=200k   # 640 MB\ncd \"$FOLDER\"");
}
