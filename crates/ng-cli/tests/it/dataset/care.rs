use std::fs;
use std::path::{Path, PathBuf};

use ng_token::Token;

use super::{dataset, load, made_of, shards, varied};
use crate::harness::{Place, damage, flip, json, keys, names};

const COUNT: u64 = 5 * 4096 + 77;

/// The file of a shard.
fn shard(path: &Path, number: usize) -> PathBuf {
    let info = json(&dataset(&[&"info", &path, &"--json"]).stdout);
    let file = info["shards"][number]["file"].as_str().unwrap();
    path.join("shards").join(format!("{file}.ngt"))
}

fn newest_manifest(path: &Path) -> PathBuf {
    let names = names(path);
    let newest = names.iter().rfind(|name| name.starts_with("manifest-"));
    path.join(newest.unwrap())
}

#[test]
fn a_sound_dataset_is_said_to_be() {
    let place = Place::new();
    let path = made_of(&place, "a.ngd", &varied(COUNT), "8192");
    let told = dataset(&[&"verify", &path]).ok();
    assert!(told.contains("20557 tokens in 3 shards"), "{told}");
    assert!(told.contains("all sound"), "{told}");
    let told = json(&dataset(&[&"verify", &path, &"--json"]).ok());
    assert_eq!(
        keys(&told),
        [
            "clean",
            "damaged",
            "generation",
            "manifest_faults",
            "manifests",
            "path",
            "shards",
            "tokens",
            "unnamed",
        ]
    );
    let told = dataset(&[&"repair", &path]).ok();
    assert!(told.contains("nothing was published"), "{told}");
}

#[test]
fn a_damaged_block_is_named_and_replaced_and_the_other_shards_stay() {
    for is_compact in [false, true] {
        let place = Place::new();
        let tokens = varied(COUNT);
        let path = made_of(&place, "a.ngd", &tokens, "8192");
        let bad = shard(&path, 1);
        damage(&bad, 1);
        let file = bad.file_stem().unwrap().to_str().unwrap();
        let told = dataset(&[&"verify", &path]).found(1);
        assert!(told.starts_with("error: "), "{told}");
        assert!(
            told.contains(&format!("shard {file}: 1 of 2 blocks are bad")),
            "{told}"
        );
        assert!(told.ends_with("tells what can be done\n"), "{told}");
        assert_eq!(
            json(&dataset(&[&"verify", &path, &"--json"]).bad())["clean"],
            false
        );
        let before = names(&path.join("shards"));
        let told = dataset(&[&"repair", &path, &"--dry-run"]).found(1);
        assert!(
            told.contains(&format!("shard {file} would be replaced")),
            "{told}"
        );
        assert_eq!(names(&path.join("shards")), before);
        let arguments: &[&dyn AsRef<std::ffi::OsStr>] = match is_compact {
            true => &[&"repair", &path, &"--compact"],
            false => &[&"repair", &path],
        };
        let told = dataset(arguments).found(1);
        assert!(
            told.contains("4096 tokens kept, 4096 tokens lost"),
            "{told}"
        );
        let lost = 8192 + 4096..8192 + 8192;
        let mut expected = tokens.clone();
        match is_compact {
            true => drop(expected.drain(lost)),
            false => expected[lost].fill(Token::ZERO),
        }
        assert!(load(&path) == expected);
        dataset(&[&"verify", &path]).ok();
    }
}

#[test]
fn a_shard_that_is_gone_is_given_up_only_if_asked() {
    let place = Place::new();
    let tokens = varied(COUNT);
    let path = made_of(&place, "a.ngd", &tokens, "8192");
    let gone = shard(&path, 0);
    fs::remove_file(&gone).unwrap();
    let file = gone.file_stem().unwrap().to_str().unwrap();
    let told = dataset(&[&"repair", &path]).found(1);
    assert!(
        told.contains(&format!("shard {file} stays damaged")),
        "{told}"
    );
    assert_eq!(shards(&path).len(), 3);
    let told = dataset(&[&"repair", &path, &"--drop-missing"]).found(1);
    assert!(
        told.contains(&format!("shard {file} is given up")),
        "{told}"
    );
    assert!(load(&path) == tokens[8192..]);
}

#[test]
fn a_damaged_manifest_shows_the_one_before_until_it_is_repaired() {
    let place = Place::new();
    let tokens = varied(COUNT);
    let path = made_of(&place, "a.ngd", &tokens, "8192");
    dataset(&[&"delete", &path, &"--where", &"position < 100"]).ok();
    flip(&newest_manifest(&path), 40);
    for verb in [
        &["query", "--count", "-q"][..],
        &["head", "-n", "1"],
        &["dataset", "info"],
    ] {
        let mut command = crate::harness::command(&[]);
        command.args(verb).arg(&path);
        let ran = crate::harness::Ran::from(command.output().unwrap());
        let told = ran.found(1);
        assert!(told.contains("is shown instead"), "{told}");
        assert!(told.contains("`ng dataset repair PATH`"), "{told}");
    }
    let ran = dataset(&[&"delete", &path, &"--where", &"position < 100", &"--json"]);
    assert_eq!(json(&ran.stderr)["kind"], "damaged");
    let told = dataset(&[&"log", &path]).found(1);
    assert!(told.contains("warning: "), "{told}");
    dataset(&[&"verify", &path]).found(1);
    dataset(&[&"repair", &path]).found(1);
    assert!(load(&path) == tokens);
    dataset(&[&"delete", &path, &"--where", &"position < 100"]).ok();
    assert!(load(&path) == tokens[100..]);
    // It is kept for a while, and may name any file.
    let told = dataset(&[&"gc", &path]).found(1);
    assert!(told.contains("so none is removed"), "{told}");
    assert!(told.contains("--keep-from"), "{told}");
    dataset(&[&"gc", &path, &"--older", &"0s"]).ok();
    dataset(&[&"verify", &path]).ok();
    assert!(load(&path) == tokens[100..]);
}

#[test]
fn old_generations_are_listed_and_made_the_newest_again() {
    let place = Place::new();
    let tokens = varied(COUNT);
    let path = made_of(&place, "a.ngd", &tokens, "8192");
    let generation = |path: &Path| {
        let info = json(&dataset(&[&"info", &path, &"--json"]).ok());
        info["generation"].as_u64().unwrap()
    };
    let before = generation(&path);
    dataset(&[
        &"update",
        &path,
        &"--where",
        &"object",
        &"--set",
        &"radius = 1",
    ])
    .ok();
    dataset(&[&"delete", &path, &"--where", &"position < 9000"]).ok();
    let log = json(&dataset(&[&"log", &path, &"--json"]).ok());
    let verbs = log["generations"].as_array().unwrap();
    let verbs: Vec<_> = verbs
        .iter()
        .map(|it| it["verb"].as_str().unwrap())
        .collect();
    assert_eq!((verbs[0], verbs[1]), ("delete", "update"));
    assert_eq!(*verbs.last().unwrap(), "create");
    assert_eq!(log["generations"][0]["tokens"], COUNT - 9000);
    let told = dataset(&[&"log", &path]).ok();
    assert_eq!(told.lines().count(), verbs.len() + 1, "{told}");
    let told = dataset(&[&"checkout", &path, &before.to_string()]).ok();
    let expected = format!("generation {} is that of {before}", before + 3);
    assert!(told.contains(&expected), "{told}");
    assert!(load(&path) == tokens);
    dataset(&[&"gc", &path, &"--older", &"0s"]).ok();
    let ran = dataset(&[&"checkout", &path, &before.to_string(), &"--json"]);
    assert_eq!(json(&ran.stderr)["kind"], "generation_gone");
    dataset(&[&"checkout", &path, &"newest"]).found(2);
}
