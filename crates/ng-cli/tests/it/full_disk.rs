//! A disk without room: an error, and no file.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use ng_query::index::{Index, index_folder};
use ng_store::BlockReader;

use crate::amount::count;
use crate::harness::{COUNT, Place, Ran, command, json, load, names, ng, sort, tokens};
use crate::mounted::Mounted;

/// The kernel's message.
const NO_SPACE: &str = "No space left on device";

/// As many columns as take 50 bytes a token.
const ALL: &str =
    "id,weight,timestamp,flags,physical,sensory,motor,emotional,cognitive,social,temporal";

fn mount(size: &str) -> Option<Mounted> {
    Mounted::new(size, "tool: full disks")
}

#[test]
fn what_does_not_fit_leaves_no_file() {
    let Some(tiny) = mount("8m") else {
        return;
    };
    let place = Place::new();
    let source = place.named("source.ngt");
    // 12.8 MB.
    ng(&[&"create", &source, &"--tokens", &"200k"]).ok();
    let raw = place.named("raw");
    ng(&[&"copy", &source, &raw, &"--raw"]).ok();
    let out = tiny.path().join("out");
    ng(&[&"create", &out, &"--tokens", &"200k"]).failed(&["out", NO_SPACE, "no room for"]);
    ng(&[&"create", &out, &"--from", &raw]).failed(&["out", NO_SPACE, "no room for"]);
    ng(&[&"copy", &source, &out]).failed(&["out", NO_SPACE, "no room for"]);
    ng(&[&"copy", &source, &out, &"--raw"]).failed(&["out", NO_SPACE]);
    ng(&[&"repair", &source, &out]).failed(&["out", NO_SPACE, "no room for"]);
    for way in [
        &["--format=parquet", "--compression=none"][..],
        &["--format=arrow"],
        &["--format=csv"],
    ] {
        let mut export = command(&[&"export", &source, &out]);
        let ran: Ran = export.args(way).output().unwrap().into();
        ran.failed(&["out", NO_SPACE]);
    }
    let ran = ng(&[&"export", &source, &out, &"--format=jsonl", &"--json"]);
    assert_eq!(json(&ran.stderr)["kind"], "no_space");
    let ran = ng(&[&"copy", &source, &out, &"--json"]);
    assert_eq!(json(&ran.stderr)["kind"], "no_space");
    assert!(names(tiny.path()).is_empty());
    count("tool: full disks: create, copy, repair, export", 10);
}

#[test]
fn columns_that_do_not_fit_as_tokens_leave_no_file() {
    let Some(tiny) = mount("8m") else {
        return;
    };
    let place = Place::new();
    let source = place.named("source.ngt");
    ng(&[
        &"create",
        &source,
        &"--tokens",
        &"200k",
        &"--like",
        &"clustered",
    ])
    .ok();
    let out = tiny.path().join("out.ngt");
    for format in ["parquet", "arrow", "csv"] {
        let table = place.named(&format!("table.{format}"));
        ng(&[&"export", &source, &table]).ok();
        ng(&[&"create", &out, &"--from", &table]).failed(&["out.ngt", NO_SPACE]);
        assert!(names(tiny.path()).is_empty(), "{format}");
        count("tool: full disks: create from columns", 1);
    }
}

/// Makes a file that leaves this much of its disk free, and no more.
fn fill_up_to(path: &Path, left: u64) {
    let mut file = File::create(path).unwrap();
    let mut length = 0;
    while file.write_all(&[1; 4096]).is_ok() {
        length += 4096;
    }
    file.set_len(length - left).unwrap();
}

/// The size of an index is not known in advance: its writes meet the end of the disk.
#[test]
fn an_index_that_does_not_fit_leaves_the_one_of_before() {
    let Some(tiny) = mount("8m") else {
        return;
    };
    let path = tiny.path().join("a.ngt");
    ng(&[
        &"create",
        &path,
        &"--tokens",
        &"100k",
        &"--like",
        &"clustered",
    ])
    .ok();
    ng(&[&"index", &path]).ok();
    let folder = index_folder(&path);
    let before = names(&folder);
    fill_up_to(&tiny.path().join("ballast"), 40 << 10);
    for more in [
        ["--columns", ALL],
        ["--boxes", "physical,motor"],
        ["--ids", "--rebuild"],
    ] {
        let ran = ng(&[&"index", &path, &more[0], &more[1]]);
        ran.failed(&["a.ngt.index", NO_SPACE]);
        assert_eq!(names(&folder), before, "{more:?}");
        let index = Index::load(&BlockReader::open(&path).unwrap()).unwrap();
        assert_eq!((index.covered_blocks(), index.columns().len()), (24, 0));
        assert!(index.warnings().is_empty(), "{:?}", index.warnings());
        count("tool: full disks: index", 1);
    }
    let ran = ng(&[&"index", &path, &"--columns", &ALL, &"--json"]);
    assert_eq!(json(&ran.stderr)["kind"], "no_space");
    fs::remove_file(tiny.path().join("ballast")).unwrap();
    ng(&[&"index", &path, &"--columns", &"weight"]).ok();
}

/// 19.2 MB do not fit; they would, but not beside temporary files.
#[test]
fn a_sort_that_does_not_fit_leaves_no_file() {
    let place = Place::new();
    let a = place.named("a.ngt");
    ng(&[&"create", &a, &"--tokens", &"300k", &"--like", &"clustered"]).ok();
    for (size, memory, told) in [
        ("8m", "1G", ["b.ngt", NO_SPACE]),
        ("8m", "68M", ["b.ngt", NO_SPACE]),
        (
            "24m",
            "68M",
            ["bytes of room", "for temporary files; `--temp DIR`"],
        ),
    ] {
        let Some(disk) = mount(size) else {
            return;
        };
        let b = disk.path().join("b.ngt");
        let mut sort = sort(&a, &b, &"id", &memory);
        ng(&sort).failed(&told);
        assert!(names(disk.path()).is_empty());
        sort.push(&"--json");
        let as_json = ng(&sort);
        assert_eq!(json(&as_json.stderr)["kind"], "no_space");
        assert!(names(disk.path()).is_empty());
        count("tool: full disks: sort", 2);
    }
}

#[test]
fn an_append_that_does_not_fit_changes_nothing_and_can_be_done_later() {
    let Some(tiny) = mount("8m") else {
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
    count("tool: full disks: append", 1);
}
