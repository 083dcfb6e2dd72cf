use std::fs;

use ng_store::{CreateOptions, VecStore};

use super::{dataset, made_of, varied};
use crate::harness::{Place, Ran, command, json};

/// Some shards of two blocks, and a part of one.
const COUNT: u64 = 5 * 8192 + 77;

/// Runs a verb over a file and over a dataset of the same tokens.
fn both(place: &Place, verb: &[&str], rest: &[&str]) -> [Ran; 2] {
    ["a.ngt", "a.ngd"].map(|name| {
        let mut command = command(&[]);
        let command = command.args(verb).arg(place.named(name)).args(rest);
        command.output().unwrap().into()
    })
}

/// A token file and a dataset of the same tokens.
fn twins() -> Place {
    let place = Place::new();
    let tokens = varied(COUNT);
    made_of(&place, "a.ngd", &tokens, "8192");
    let store = VecStore::from_vec(tokens);
    store
        .save(place.named("a.ngt"), &CreateOptions::new())
        .unwrap();
    place
}

#[test]
fn every_question_has_the_answer_that_a_file_gives() {
    let place = twins();
    for rest in [
        &["--count"][..],
        &["--where", "weight > 0.9 and object", "--count"],
        &["--where", "position < 10000 and weight > 0.5", "--any"],
        &["--agg", "count,min(weight),mean(physical_x),median(weight)"],
        &[
            "--group-by",
            "entity_type,domain",
            "--agg",
            "count,max(weight)",
        ],
        &["--top", "10", "--by", "weight", "--format", "csv"],
        &["--id", "7,99,12345", "--format", "csv"],
        &["--nearest", "physical: 1.0, -2.25, 0", "-k", "12"],
        &["--within", "physical: 1.0, -2.25, 0; 9", "--format", "csv"],
        &["--density", "physical: 1.0, -2.25, 0; 20"],
        &["--histogram", "weight", "--bins", "7"],
        &["--sample", "9", "--seed", "5", "--format", "csv"],
        &["--duplicates"],
        &["--where", "object", "--limit", "300", "--format", "jsonl"],
        &["--limit", "3"],
        &[
            "--where",
            "object",
            "--raw",
            "--select",
            "position,id,motor",
            "--format",
            "csv",
        ],
    ] {
        for way in [&[][..], &["--verified"], &["--no-index"]] {
            let rest = [rest, way].concat();
            let [of_file, of_dataset] = both(&place, &["query"], &rest);
            assert_eq!(of_file.code, Some(0), "{of_file:?}");
            assert_eq!(of_dataset.code, Some(0), "{of_dataset:?}");
            assert!(!of_file.stdout.is_empty());
            assert_eq!(of_file.stdout, of_dataset.stdout, "{rest:?}");
        }
        let [_, own] = both(&place, &["dataset", "query"], rest);
        let [_, plain] = both(&place, &["query"], rest);
        assert_eq!(own.stdout, plain.stdout, "{rest:?}");
    }
}

#[test]
fn it_is_described_shown_and_exported_as_a_file_is() {
    let place = twins();
    for rest in [
        &["-n", "5"][..],
        &["--from", "8190", "-n", "5"],
        &["-n", "9k", "--json"],
    ] {
        let [of_file, of_dataset] = both(&place, &["head"], rest);
        assert_eq!(of_file.ok(), of_dataset.ok(), "{rest:?}");
    }
    for rest in [
        &["--format", "csv"][..],
        &["--format", "jsonl", "--range", "8000..9000"],
        &[
            "--format",
            "csv",
            "--where",
            "object",
            "--columns",
            "position,id",
        ],
    ] {
        let rest = [&["-"][..], rest, &["-q"]].concat();
        let [of_file, of_dataset] = both(&place, &["export"], &rest);
        assert!(of_file.stdout.lines().count() > 100, "{of_file:?}");
        assert_eq!(of_file.ok(), of_dataset.ok(), "{rest:?}");
    }
    let [of_file, of_dataset] = both(&place, &["describe"], &["--json"]);
    let [mut of_file, mut of_dataset] = [json(&of_file.ok()), json(&of_dataset.ok())];
    // What the file, the dataset and the pass say of themselves.
    for key in [
        "path",
        "file_id",
        "generation",
        "tag",
        "created",
        "committed",
        "length",
        "bytes_read",
        "elapsed_ns",
    ] {
        of_file.as_object_mut().unwrap().remove(key);
        of_dataset.as_object_mut().unwrap().remove(key);
    }
    assert_eq!(of_file, of_dataset);
}

#[test]
fn an_old_generation_answers_as_it_did() {
    let place = twins();
    let path = place.named("a.ngd");
    let (generation, before) = {
        let info = json(&dataset(&[&"info", &path, &"--json"]).ok());
        (info["generation"].to_string(), info["tokens"].clone())
    };
    dataset(&[&"delete", &path, &"--where", &"position < 20000"]).ok();
    let count = |rest: &[&str]| {
        let mut command = command(&[&"query", &path, &"--count", &"--format", &"csv", &"-q"]);
        let ran = Ran::from(command.args(rest).output().unwrap());
        ran.ok()
    };
    assert_eq!(
        count(&["--generation", &generation]),
        format!("count\n{before}\n")
    );
    assert_eq!(count(&[]), format!("count\n{}\n", COUNT - 20_000));
}

#[test]
fn a_shard_that_is_damaged_is_named_and_the_others_answer() {
    let place = twins();
    let path = place.named("a.ngd");
    let info = json(&dataset(&[&"info", &path, &"--json"]).ok());
    let file = info["shards"][1]["file"].as_str().unwrap();
    let shard = path.join("shards").join(format!("{file}.ngt"));
    crate::harness::damage(&shard, 0);
    let [_, ran] = both(
        &place,
        &["query"],
        &["--where", "not active", "--count", "--verified"],
    );
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.contains(file), "{ran:?}");
    let rest = [
        "--where",
        "not active",
        "--count",
        "--verified",
        "--skip-damaged",
        "--json",
    ];
    let [_, ran] = both(&place, &["query"], &rest);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(json(&ran.stderr)["damaged_tokens"], 4096);
    fs::remove_file(&shard).unwrap();
    let [_, ran] = both(&place, &["query"], &["--agg", "mean(weight)", "--json"]);
    assert_eq!(json(&ran.stderr)["kind"], "not_found", "{ran:?}");
}
