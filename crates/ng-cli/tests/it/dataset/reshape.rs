use super::{dataset, load, made_of, shards, varied};
use crate::harness::{Place, json, keys};

const COUNT: u64 = 5 * 4096 + 77;
const KEYS: [&str; 6] = [
    "bytes_written",
    "generation",
    "path",
    "shards_after",
    "shards_before",
    "tokens",
];

#[test]
fn a_sort_is_across_all_shards() {
    let place = Place::new();
    let mut tokens = varied(COUNT);
    let path = made_of(&place, "a.ngd", &tokens, "4096");
    let told = dataset(&[
        &"sort",
        &path,
        &"--by",
        &"id",
        &"--tokens",
        &"8192",
        &"--json",
    ])
    .ok();
    let told = json(&told);
    assert_eq!(keys(&told), KEYS);
    assert_eq!(
        (&told["shards_before"], &told["shards_after"]),
        (&json("6"), &json("3"))
    );
    tokens.sort_by_key(|token| token.id().raw());
    assert!(load(&path) == tokens);
    let info = json(&dataset(&[&"info", &path, &"--json"]).ok());
    assert_eq!(info["shards"][2]["order"], "id");
    dataset(&[&"sort", &path, &"--by", &"wight"]).found(2);
}

#[test]
fn shards_are_cut_anew_and_put_together_and_the_order_stays() {
    let place = Place::new();
    let tokens = varied(COUNT);
    let path = made_of(&place, "a.ngd", &tokens, "4096");
    let told = dataset(&[&"reshard", &path, &"--shards", &"2"]).ok();
    assert!(
        told.contains("resharded, 6 shards into 2; 20557 tokens written"),
        "{told}"
    );
    assert_eq!(shards(&path).len(), 2);
    dataset(&[&"reshard", &path, &"--tokens", &"4k"]).ok();
    assert_eq!(shards(&path)[0], (4096, false));
    let compact = || {
        dataset(&[
            &"compact",
            &path,
            &"--smaller-than",
            &"5k",
            &"--target",
            &"8192",
        ])
    };
    compact().ok();
    assert_eq!(shards(&path).iter().map(|it| it.0).max(), Some(8192));
    assert!(load(&path) == tokens);
    dataset(&[&"compact", &path]).ok();
    let told = dataset(&[&"compact", &path]).ok();
    assert!(told.contains("nothing to do"), "{told}");
    assert_eq!(shards(&path), [(COUNT, false)]);
    assert!(load(&path) == tokens);
    dataset(&[&"reshard", &path]).found(2);
    dataset(&[&"reshard", &path, &"--tokens", &"4k", &"--shards", &"2"]).found(2);
}

#[test]
fn each_shard_gets_its_index_and_answers_by_it() {
    let place = Place::new();
    let path = made_of(&place, "a.ngd", &varied(COUNT), "8192");
    let index = ["index", "--columns", "weight", "--ids", "--json"];
    let run = || {
        let mut arguments = vec![&index[0] as &dyn AsRef<std::ffi::OsStr>, &path];
        arguments.extend(
            index[1..]
                .iter()
                .map(|it| it as &dyn AsRef<std::ffi::OsStr>),
        );
        json(&dataset(&arguments).ok())
    };
    let told = run();
    assert_eq!((&told["shards"], &told["blocks"]), (&json("3"), &json("5")));
    assert_eq!(run()["read_blocks"], 0);
    let ran = dataset(&[&"query", &path, &"--agg", &"max(weight)", &"--json"]);
    let looked = json(&ran.stderr);
    assert_eq!(looked["source"], "records and columns", "{looked}");
}

#[test]
fn old_generations_go_with_their_files() {
    let place = Place::new();
    let path = made_of(&place, "a.ngd", &varied(COUNT), "4096");
    dataset(&[&"reshard", &path, &"--shards", &"1"]).ok();
    let before = crate::harness::names(&path.join("shards"));
    let told = json(&dataset(&[&"gc", &path, &"--older", &"0s", &"--dry-run", &"--json"]).ok());
    assert!(told["removed_shards"].as_u64().unwrap() >= 6, "{told}");
    assert_eq!(crate::harness::names(&path.join("shards")), before);
    dataset(&[&"gc", &path]).ok();
    assert_eq!(
        crate::harness::names(&path.join("shards")),
        before,
        "they are young"
    );
    let told = dataset(&[&"gc", &path, &"--older", &"0s"]).ok();
    assert!(told.contains("removed") && told.contains("freed"), "{told}");
    let left = crate::harness::names(&path.join("shards"));
    assert_eq!(
        left.iter().filter(|name| name.ends_with(".ngt")).count(),
        1,
        "{left:?}"
    );
    assert!(load(&path) == varied(COUNT));
    let ran = dataset(&[
        &"query",
        &path,
        &"--count",
        &"--generation",
        &"1",
        &"--json",
    ]);
    assert_eq!(json(&ran.stderr)["kind"], "generation_gone");
}
