//! A disk without room: the newest generation stands.

use std::fs;

use super::{dataset, load, made_of, varied};
use crate::amount::count;
use crate::harness::{Place, json, names};
use crate::mounted::Mounted;

const NO_SPACE: &str = "No space left on device";

fn mount(size: &str) -> Option<Mounted> {
    Mounted::new(size, "dataset: full disks")
}

#[test]
fn a_change_that_does_not_fit_changes_nothing_and_leaves_no_file() {
    let Some(tiny) = mount("16m") else {
        return;
    };
    let place = Place::new();
    let tokens = varied(150_000);
    let made = made_of(&place, "a.ngd", &tokens, "32768");
    let path = tiny.path().join("a.ngd");
    let status = std::process::Command::new("cp")
        .args(["-r", "--sparse=always"])
        .args([&made, &path])
        .status();
    assert!(status.unwrap().success());
    let before = names(&path.join("shards"));
    for verb in [
        &["update", "--where", "weight >= 0", "--set", "radius = 1"][..],
        &["sort", "--by", "id"],
        &["reshard", "--shards", "2"],
    ] {
        let mut arguments: Vec<&dyn AsRef<std::ffi::OsStr>> = vec![&verb[0], &path, &"--json"];
        arguments.extend(
            verb[1..]
                .iter()
                .map(|word| word as &dyn AsRef<std::ffi::OsStr>),
        );
        let ran = dataset(&arguments);
        assert_eq!(ran.code, Some(1), "{verb:?} {ran:?}");
        assert_eq!(json(&ran.stderr)["kind"], "no_space", "{verb:?} {ran:?}");
        assert_eq!(names(&path.join("shards")), before, "{verb:?}");
        assert!(load(&path) == tokens, "{verb:?}");
        count("dataset: full disks: changes", 1);
    }
}

#[test]
fn an_append_that_does_not_fit_keeps_what_was_committed() {
    let Some(tiny) = mount("8m") else {
        return;
    };
    let place = Place::new();
    let tokens = varied(200_000);
    let raw = place.named("raw");
    fs::write(&raw, ng_token::as_bytes(&tokens)).unwrap();
    let path = tiny.path().join("a.ngd");
    dataset(&[&"create", &path]).ok();
    let every = ["--roll", "16384", "--commit-every", "4096"];
    let ran = dataset(&[
        &"append", &path, &raw, &every[0], &every[1], &every[2], &every[3],
    ]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.contains(NO_SPACE), "{ran:?}");
    let found = load(&path);
    assert!(found.len() > 16_384 && found == tokens[..found.len()]);
    let told = format!("{} tokens appended, durable", found.len());
    assert!(ran.stdout.contains(&told), "{told}: {ran:?}");
    // With room, the next goes on.
    dataset(&[&"delete", &path, &"--where", &"position < 40000"]);
    dataset(&[&"gc", &path, &"--older", &"0s"]).ok();
    count("dataset: full disks: append", 1);
}
