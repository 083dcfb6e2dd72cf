//! A disk without room: an error, and no file.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::harness::{COUNT, Place, Ran, command, load, names, ng, tokens};

/// A file system of 8 MiB in memory.
struct Tiny(Place);

impl Tiny {
    /// `None` where nothing can be mounted.
    fn mount() -> Option<Self> {
        let place = Place::new();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"])
            .arg(place.path())
            .output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self(place)),
            other => {
                eprintln!("skipped: nothing can be mounted here: {other:?}");
                None
            }
        }
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Tiny {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn what_does_not_fit_leaves_no_file() {
    let Some(tiny) = Tiny::mount() else {
        return;
    };
    let place = Place::new();
    let source = place.named("source.ngt");
    // 12.8 MB.
    ng(&[&"create", &source, &"--tokens", &"200k"]).ok();
    let raw = place.named("raw");
    ng(&[&"copy", &source, &raw, &"--raw"]).ok();
    let out = tiny.path().join("out");
    let no_space = "No space left on device";
    ng(&[&"create", &out, &"--tokens", &"200k"]).failed(&["out", no_space, "no room for"]);
    ng(&[&"create", &out, &"--from", &raw]).failed(&["out", no_space, "no room for"]);
    ng(&[&"copy", &source, &out]).failed(&["out", no_space, "no room for"]);
    ng(&[&"copy", &source, &out, &"--raw"]).failed(&["out", no_space]);
    ng(&[&"repair", &source, &out]).failed(&["out", no_space, "no room for"]);
    for way in [
        &["--format=parquet", "--compression=none"][..],
        &["--format=arrow"],
        &["--format=csv"],
    ] {
        let mut export = command(&[&"export", &source, &out]);
        let ran: Ran = export.args(way).output().unwrap().into();
        ran.failed(&["out", no_space]);
    }
    let ran = ng(&[&"export", &source, &out, &"--format=jsonl", &"--json"]);
    assert_eq!(crate::harness::json(&ran.stderr)["kind"], "no_space");
    let ran = ng(&[&"copy", &source, &out, &"--json"]);
    assert_eq!(crate::harness::json(&ran.stderr)["kind"], "no_space");
    assert!(names(tiny.path()).is_empty());
}

#[test]
fn an_append_that_does_not_fit_changes_nothing_and_can_be_done_later() {
    let Some(tiny) = Tiny::mount() else {
        return;
    };
    let place = Place::new();
    let raw = place.raw("raw", 100_000);
    let path = tiny.path().join("a.ngt");
    fs::copy(place.tokens("a.ngt", COUNT), &path).unwrap();
    fs::write(tiny.path().join("ballast"), vec![1; 3 << 20]).unwrap();
    ng(&[&"append", &path, &"--from", &raw]).failed(&["a.ngt", "No space left on device"]);
    assert!(load(&path) == tokens(0..COUNT));
    fs::remove_file(tiny.path().join("ballast")).unwrap();
    let small = place.raw("small", 50_000);
    ng(&[&"append", &path, &"--from", &small]).ok();
    assert_eq!(load(&path).len(), COUNT + 50_000);
}
