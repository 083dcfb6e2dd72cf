//! `ng index`.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use ng_query::Column;
use ng_query::index::{Index, index_folder};
use ng_store::BlockReader;

use crate::harness::{
    BLOCK, COUNT, Place, Ran, command, damage, json, keys, names, ng, signal, wait_for,
};

fn indexed(place: &Place) -> PathBuf {
    place.tokens("a.ngt", COUNT)
}

#[test]
fn an_index_is_built_told_kept_up_and_dropped() {
    let place = Place::new();
    let path = indexed(&place);
    let words = ng(&[&"index", &path, &"--info"]).ok();
    assert!(words.ends_with("a.ngt: no index\n"), "{words}");
    let words = ng(&[&"index", &path, &"--columns", &"weight,physical", &"--ids"]).ok();
    for told in [
        "a.ngt: 3 blocks indexed, 12288 of 12388 tokens, in ",
        "made of          3 blocks\n",
        "columns          weight, physical_x, physical_y, physical_z\n",
        "boxes            none\n",
        "ids              sorted\n",
    ] {
        assert!(words.contains(told), "no {told:?} in {words}");
    }
    let index = Index::load(&BlockReader::open(&path).unwrap()).unwrap();
    assert_eq!(index.columns()[0], Column::Weight);
    assert_eq!(
        index.values::<i16>(index.columns()[1], 1).unwrap()[7],
        (BLOCK + 7) as i16
    );
    assert_eq!(index.positions(5_000), Some(vec![5_000]));

    let words = ng(&[&"index", &path]).ok();
    assert!(words.contains("nothing, it is up to date\n"), "{words}");
    let raw = place.raw("raw", BLOCK);
    ng(&[&"append", &path, &"--from", &raw]).ok();
    let words = ng(&[&"info", &path]).ok();
    assert!(
        words.contains("index            3 of 4 full blocks\n"),
        "{words}"
    );
    let told = json(&ng(&[&"index", &path, &"--boxes", &"motor", &"--only", &"--json"]).ok());
    assert_eq!(
        keys(&told),
        [
            "blocks",
            "boxes",
            "columns",
            "damaged_blocks",
            "file_tokens",
            "folder",
            "ids",
            "indexed",
            "path",
            "read_blocks",
            "size_bytes",
            "tokens",
            "warnings"
        ]
    );
    assert_eq!(
        (&told["blocks"], &told["read_blocks"]),
        (&4.into(), &4.into())
    );
    assert_eq!(told["boxes"], serde_json::json!(["motor"]));
    assert_eq!(
        (told["columns"].as_array().unwrap().len(), &told["ids"]),
        (0, &false.into())
    );

    let told = json(&ng(&[&"index", &path, &"--info", &"--json"]).ok());
    assert_eq!(
        (&told["indexed"], &told["blocks"]),
        (&true.into(), &4.into())
    );
    assert_eq!(told.get("read_blocks"), None);
    let words = ng(&[&"index", &path, &"--drop"]).ok();
    assert!(words.ends_with("a.ngt: index dropped\n"), "{words}");
    assert_eq!(place.names(), ["a.ngt", "raw"]);
    assert_eq!(
        json(&ng(&[&"index", &path, &"--drop", &"--json"]).ok())["dropped"],
        false
    );
}

#[test]
fn damaged_blocks_are_left_out_and_named() {
    let place = Place::new();
    let path = indexed(&place);
    damage(&path, 1);
    let told = ng(&[&"index", &path]).found(1);
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(
        told.contains("a.ngt: block 1 is damaged and left unindexed"),
        "{told}"
    );
    let told = json(&ng(&[&"index", &path, &"--json"]).bad());
    assert_eq!(told["damaged_blocks"], serde_json::json!([1]));
}

#[test]
fn an_index_of_another_file_is_told_and_made_anew() {
    let place = Place::new();
    let (path, other) = (indexed(&place), place.tokens("b.ngt", COUNT));
    ng(&[&"index", &other]).ok();
    fs::rename(index_folder(&other), index_folder(&path)).unwrap();
    let told = ng(&[&"index", &path, &"--info"]).found(0);
    assert!(
        told.starts_with("warning: ") && told.contains("index of file "),
        "{told}"
    );
    let told = ng(&[&"index", &path]).found(0);
    assert!(told.ends_with("; made anew\n"), "{told}");
    ng(&[&"index", &path]).ok();
    // A copy that replaces the file is another file.
    ng(&[&"copy", &other, &path, &"--replace"]).ok();
    let info = json(&ng(&[&"info", &path, &"--json"]).ok());
    assert_eq!(info["index_blocks"], 0);
}

#[test]
fn what_cannot_be_asked_for_is_refused() {
    let place = Place::new();
    let path = indexed(&place);
    for (arguments, told) in [
        (&["--columns", "wieght"][..], "did you mean `weight`?"),
        (&["--columns", "id,position"], "counted, not stored"),
        (&["--boxes", "weight"], "no space of that name"),
        (&["--drop", "--ids"], "cannot be used with"),
        (&["--info", "--rebuild"], "cannot be used with"),
    ] {
        let ran: Ran = command(&[&"index", &path])
            .args(arguments)
            .output()
            .unwrap()
            .into();
        let words = ran.found(2);
        assert!(words.contains(told), "{words}");
    }
    ng(&[&"index", &place.named("none")]).failed(&["none: cannot open"]);
    assert_eq!(place.names(), ["a.ngt"]);
}

#[test]
fn an_index_that_somebody_builds_is_locked() {
    let place = Place::new();
    let path = indexed(&place);
    ng(&[&"index", &path]).ok();
    let lock = fs::File::open(index_folder(&path).join("lock")).unwrap();
    lock.try_lock().unwrap();
    for arguments in [&["--rebuild"][..], &["--drop"]] {
        let mut command = command(&[&"index", &path, &"--json"]);
        let ran: Ran = command.args(arguments).output().unwrap().into();
        assert_eq!(json(&ran.found(1))["kind"], "locked");
    }
}

#[test]
fn an_interrupted_build_leaves_the_index_of_before() {
    const BLOCKS: usize = 200;
    let place = Place::new();
    let path = place.tokens("a.ngt", BLOCKS * BLOCK);
    ng(&[&"index", &path]).ok();
    let folder = index_folder(&path);
    let mut interrupted = 0;
    // A build may be over before the signal comes.
    for _ in 0..20 {
        let before = names(&folder);
        let mut command = command(&[
            &"index",
            &path,
            &"--columns",
            &"physical",
            &"--threads",
            &"1",
        ]);
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        wait_for("new file", || {
            let is_new = |name: &String| name.starts_with("columns-");
            names(&folder).iter().any(is_new).then_some(())
        });
        signal(child.id(), "INT");
        let ran: Ran = child.wait_with_output().unwrap().into();
        if ran.code == Some(130) {
            assert_eq!(ran.stderr, "error: interrupted\n");
            assert_eq!(names(&folder), before);
            interrupted += 1;
        }
        ng(&[&"index", &path, &"--only"]).ok();
        if interrupted == 3 {
            break;
        }
    }
    assert!(interrupted > 0, "each was over before the signal");
    assert_eq!(
        Index::load(&BlockReader::open(&path).unwrap())
            .unwrap()
            .covered_blocks(),
        BLOCKS as u64
    );
}

/// An unreadable index was shown as no index, with exit code 0.
#[test]
fn an_index_that_cannot_be_read_is_an_error_to_who_asks_for_it() {
    let place = Place::new();
    let path = indexed(&place);
    ng(&[&"index", &path, &"--columns", &"weight"]).ok();
    let manifest = index_folder(&path).join("index.json");
    fs::remove_file(&manifest).unwrap();
    fs::create_dir(&manifest).unwrap();
    let ran = ng(&[&"index", &path, &"--info"]);
    assert_eq!(ran.stdout, "");
    let told = ran.found(1);
    assert!(told.contains("index.json: cannot read: "), "{told}");
    // A query still gets an answer.
    let ran = ng(&[&"query", &path, &"--where", &"id < 7", &"--count"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stdout.ends_with(" 7\n"), "{ran:?}");
}
