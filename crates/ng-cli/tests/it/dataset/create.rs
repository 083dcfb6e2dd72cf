use std::fs;

use crate::harness::{Place, json, keys, ng};

#[test]
fn a_new_dataset_is_empty_and_has_the_tags_it_was_given() {
    let place = Place::new();
    let path = place.named("a.ngd");
    let tags = ["--tag", "source=robot-7", "--tag", "note=a=b"];
    let made = ng(&[
        &"dataset", &"create", &path, &tags[0], &tags[1], &tags[2], &tags[3], &"--json",
    ])
    .ok();
    let made = json(&made);
    assert_eq!(keys(&made), ["dataset", "generation", "path", "tokens"]);
    let info = json(&ng(&[&"dataset", &"info", &path, &"--json"]).ok());
    assert_eq!(info["dataset"], made["dataset"]);
    assert_eq!(info["tokens"], 0);
    assert_eq!(info["generation"], 0);
    assert_eq!(info["tags"]["source"], "robot-7");
    assert_eq!(info["tags"]["note"], "a=b");
    let told = ng(&[&"dataset", &"info", &path, &"--shards"]).ok();
    assert!(told.contains("tag              source=robot-7"), "{told}");
    assert_eq!(
        ng(&[&"query", &path, &"--count", &"-q"]).ok(),
        " count\n     0\n"
    );
}

#[test]
fn a_folder_with_something_in_it_is_not_taken() {
    let place = Place::new();
    let (path, other) = (place.named("a.ngd"), place.named("b"));
    ng(&[&"dataset", &"create", &path]).ok();
    fs::create_dir(&other).unwrap();
    fs::write(other.join("file"), "").unwrap();
    for path in [&path, &other] {
        ng(&[&"dataset", &"create", path]).failed(&["exists already, expected a new or an empty"]);
        let told = ng(&[&"dataset", &"create", path, &"--json"]).stderr;
        assert_eq!(json(&told)["kind"], "exists");
    }
    assert_eq!(place.names(), ["a.ngd", "b"]);
}

#[test]
fn tags_without_a_name_are_refused() {
    let place = Place::new();
    for tag in ["robot", "=robot", ""] {
        let path = place.named("a.ngd");
        let told = ng(&[&"dataset", &"create", &path, &"--tag", &tag]).found(2);
        assert!(told.contains("expected NAME=TEXT"), "{told}");
    }
    assert!(place.names().is_empty());
}

/// What is asked of the wrong kind of input is a question that makes no sense.
#[test]
fn options_for_datasets_and_for_files_are_told_apart() {
    let place = Place::new();
    let (file, path) = (place.tokens("a.ngt", 10), place.named("a.ngd"));
    ng(&[&"dataset", &"create", &path]).ok();
    for verb in ["query", "describe", "head"] {
        let told = ng(&[&verb, &file, &"--generation", &"0"]).found(2);
        let expected = "a.ngt: is not a dataset, --generation is for datasets only";
        assert!(told.contains(expected), "{verb}: {told}");
    }
    for verb in ["verify", "info", "trim"] {
        ng(&[&verb, &path]).failed(&["is a folder", "`ng dataset`"]);
    }
    ng(&[&"dataset", &"info", &file]).failed(&["a.ngt: cannot open the folder: Not a directory"]);
    let told = ng(&[&"dataset", &"info", &place.path(), &"--json"]);
    assert_eq!(json(&told.stderr)["kind"], "not_a_dataset");
    let gone = ng(&[
        &"query",
        &path,
        &"--count",
        &"--generation",
        &"7",
        &"--json",
    ]);
    assert_eq!(json(&gone.stderr)["kind"], "generation_gone");
    assert_eq!(place.names(), ["a.ngd", "a.ngt"]);
}

#[test]
fn nothing_is_written_into_the_folder_of_a_dataset() {
    let place = Place::new();
    let path = place.named("a.ngd");
    ng(&[&"dataset", &"create", &path]).ok();
    for inside in [path.join("out.csv"), path.join("shards").join("out.csv")] {
        for verb in [&["query", "-o"][..], &["export"]] {
            let mut command = crate::harness::command(&[&verb[0], &path]);
            let ran = command.args(&verb[1..]).arg(&inside).output().unwrap();
            crate::harness::Ran::from(ran).failed(&["out.csv: is in the folder of the dataset"]);
        }
    }
}
