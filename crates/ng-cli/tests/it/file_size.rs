//! A limit on the size of files: an error, and no file.

use std::ffi::OsStr;
use std::fs;
use std::process::Command;

use crate::harness::{COUNT, Place, Ran, json, load, tokens};

/// Runs the program under a limit on file size, in units of 512 bytes. Exceeding it raises a signal
/// that ends the program, unless it is ignored.
fn ng_limited(units: &str, arguments: &[&dyn AsRef<OsStr>]) -> Ran {
    let script = format!("ulimit -f {units}; exec \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_ng")]);
    command.args(arguments).output().unwrap().into()
}

#[test]
fn a_file_that_would_be_too_large_is_an_error_and_leaves_nothing() {
    let place = Place::new();
    let source = place.tokens("a.ngt", COUNT);
    let raw = place.raw("raw", COUNT);
    let out = place.named("out");
    for arguments in [
        &[&"create" as &dyn AsRef<OsStr>, &out, &"--tokens", &"1"][..],
        &[&"create", &out, &"--from", &raw],
        &[&"copy", &source, &out],
        &[&"copy", &source, &out, &"--raw"],
        &[&"repair", &source, &out],
    ] {
        let told = "and no file may be longer than 10240 bytes";
        ng_limited("20", arguments).failed(&["out: cannot", "it would be", told]);
        assert_eq!(place.names(), ["a.ngt", "raw"]);
        let mut with_json = arguments.to_vec();
        with_json.push(&"--json");
        let ran = ng_limited("20", &with_json);
        assert_eq!(json(&ran.stderr)["kind"], "too_large", "{ran:?}");
    }
}

#[test]
fn an_append_beyond_the_limit_changes_nothing_and_one_within_it_is_made() {
    let place = Place::new();
    let path = place.tokens("a.ngt", COUNT);
    let length = fs::metadata(&path).unwrap().len();
    let (raw, small) = (place.raw("raw", COUNT), place.raw("small", 10));
    // Room for a few of them.
    let units = (length / 512 + 100 * 64 / 512).to_string();
    let told = format!("it would be {} bytes long", length + 64 * COUNT as u64);
    ng_limited(&units, &[&"append", &path, &"--from", &raw]).failed(&["a.ngt", &told]);
    assert!(load(&path) == tokens(0..COUNT));
    ng_limited(&units, &[&"append", &path, &"--from", &small]).ok();
    assert_eq!(load(&path).len(), COUNT + 10);
}
