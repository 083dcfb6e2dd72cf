//! `ng trim`.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use ng_store::{FileWriter, TokenSink};

use crate::harness::{
    COUNT, Place, command, data_offset, json, keys, load, ng, this_process, tokens,
};

/// A file that has grown by more than it needed.
fn roomy(place: &Place) -> PathBuf {
    let path = place.tokens("a.ngt", COUNT - 1);
    let mut writer = FileWriter::open_append(&path).unwrap();
    writer.append(&tokens(COUNT - 1..COUNT)).unwrap();
    writer.commit().unwrap();
    path
}

fn room(path: &Path) -> u64 {
    let told = json(&ng(&[&"info", &path, &"--json"]).ok());
    told["room_bytes"].as_u64().unwrap()
}

#[test]
fn the_room_behind_the_tokens_is_told_and_given_back() {
    let place = Place::new();
    let path = roomy(&place);
    let before = fs::metadata(&path).unwrap().len();
    let needed = data_offset(&path) + 64 * COUNT as u64;
    assert!(before > needed);
    assert_eq!(room(&path), before - needed);
    let words = ng(&[&"info", &path]).ok();
    let line = format!("room in it       {} bytes", before - needed);
    assert!(words.lines().any(|told| told == line), "{words}");

    let told = json(&ng(&[&"trim", &path, &"--json"]).ok());
    assert_eq!(
        keys(&told),
        [
            "allocated_after",
            "allocated_before",
            "findings",
            "generation",
            "length_after",
            "length_before",
            "path",
            "tokens"
        ]
    );
    assert_eq!(told["length_before"], before);
    assert_eq!(told["length_after"], needed);
    assert_eq!(told["tokens"], COUNT);
    let allocated = |key: &str| told[key].as_u64().unwrap();
    assert!(allocated("allocated_after") < allocated("allocated_before"));
    assert_eq!(fs::metadata(&path).unwrap().len(), needed);
    assert_eq!(room(&path), 0);
    assert!(load(&path) == tokens(0..COUNT));
    // There is nothing left to give back.
    let words = ng(&[&"trim", &path]).ok();
    let told = format!("a.ngt: {needed} long, now {needed} bytes; ");
    assert!(words.contains(&told), "{words}");
    ng(&[&"verify", &path]).ok();
}

#[test]
fn what_a_killed_writer_left_is_given_back() {
    let place = Place::new();
    for count in [0, 1, COUNT] {
        let path = place.tokens(&count.to_string(), count);
        let length = fs::metadata(&path).unwrap().len();
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(length + (50 << 20)).unwrap();
        assert!(room(&path) >= 50 << 20);
        ng(&[&"trim", &path]).ok();
        assert!(fs::metadata(&path).unwrap().len() <= length, "{count}");
        assert_eq!(room(&path), 0);
        assert!(load(&path) == tokens(0..count));
    }
}

#[test]
fn a_file_that_somebody_appends_to_is_not_trimmed() {
    let place = Place::new();
    let path = roomy(&place);
    let before = fs::metadata(&path).unwrap().len();
    let held = FileWriter::open_append(&path).unwrap();
    ng(&[&"trim", &path]).failed(&["a.ngt: locked by another appender", &this_process()]);
    assert_eq!(fs::metadata(&path).unwrap().len(), before);
    drop(held);
    ng(&[&"trim", &path, &"-q"]).ok();
}

#[test]
fn what_the_tool_writes_has_no_room_behind_it() {
    let place = Place::new();
    let (path, copy) = (place.named("a.ngt"), place.named("copy.ngt"));
    let raw = place.raw("raw", COUNT);
    let is_exact = |path: &Path| assert_eq!(room(path), 0, "{}", path.display());
    for verb in ["create", "append"] {
        let mut command = command(&[&verb, &path, &"--from", &"-"]);
        let piped = command.stdin(fs::File::open(&raw).unwrap()).output();
        crate::harness::Ran::from(piped.unwrap()).ok();
        is_exact(&path);
    }
    ng(&[&"append", &path, &"--from", &raw]).ok();
    is_exact(&path);
    ng(&[&"copy", &path, &copy]).ok();
    is_exact(&copy);
    ng(&[&"create", &copy, &"--tokens", &"10k", &"--replace"]).ok();
    is_exact(&copy);
}
