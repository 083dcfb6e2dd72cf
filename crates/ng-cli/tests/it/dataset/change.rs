use std::collections::HashMap;

use ng_token::Token;

use super::{dataset, load, made_of, shards, varied};
use crate::harness::{Place, json, keys};

const COUNT: u64 = 4 * 4096 + 500;

#[test]
fn an_update_changes_what_matches_and_nothing_else() {
    let place = Place::new();
    let mut tokens = varied(COUNT);
    let path = made_of(&place, "a.ngd", &tokens, "4096");
    let (filter, set) = (
        "weight > 0.9 and object",
        "weight = weight * 0.5, active = true",
    );
    let dry = dataset(&[
        &"update",
        &path,
        &"--where",
        &filter,
        &"--set",
        &set,
        &"--dry-run",
        &"--json",
    ]);
    let dry = json(&dry.ok());
    assert!(load(&path) == tokens, "a dry run changes nothing");
    let done = dataset(&[
        &"update", &path, &"--where", &filter, &"--set", &set, &"--json",
    ]);
    let done = json(&done.ok());
    let filter: ng_query::Filter = filter.parse().unwrap();
    let set: ng_query::Assignments = set.parse().unwrap();
    let mut matcher = ng_query::Matcher::new(&filter, 0);
    let mut matched = Vec::new();
    matcher.select(&tokens, 0, &mut matched).unwrap();
    set.apply_at(&mut tokens, matched.iter().copied(), 0)
        .unwrap();
    assert!(load(&path) == tokens);
    assert!(!matched.is_empty());
    assert_eq!(done["matched"], matched.len());
    assert_eq!(dry["matched"], done["matched"]);
    assert_eq!(
        (&dry["generation"], &dry["dry_run"]),
        (&json("null"), &json("true"))
    );
    assert!(done["generation"].is_u64());
    assert_eq!(
        keys(&done),
        [
            "added",
            "bytes_read",
            "bytes_written",
            "changed",
            "deleted",
            "dry_run",
            "generation",
            "matched",
            "path",
            "shards_dropped",
            "shards_pruned",
            "shards_retired",
            "shards_rewritten",
        ]
    );
}

#[test]
fn a_deletion_leaves_the_rest_and_drops_shards_without_any() {
    let place = Place::new();
    let tokens = varied(COUNT);
    let path = made_of(&place, "a.ngd", &tokens, "4096");
    let told = dataset(&[&"delete", &path, &"--where", &"position < 5000"]).ok();
    for part in [
        "5000 tokens matched, 5000 deleted",
        "1 shard written anew",
        "1 dropped",
    ] {
        assert!(told.contains(part), "no {part:?} in {told}");
    }
    assert!(load(&path) == tokens[5000..]);
    assert_eq!(shards(&path)[0], (2 * 4096 - 5000, false));
    let told = dataset(&[&"delete", &path, &"--where", &"weight > 1000000"]).ok();
    assert!(told.contains("nothing was changed"), "{told}");
}

#[test]
fn an_upsert_is_what_a_dictionary_does() {
    let place = Place::new();
    let tokens = varied(COUNT);
    let path = made_of(&place, "a.ngd", &tokens, "4096");
    let changes: Vec<Token> = varied(2 * COUNT)
        .into_iter()
        .step_by(97)
        .map(|token| token.with_weight(0.125))
        .collect();
    let raw = place.named("raw");
    std::fs::write(&raw, ng_token::as_bytes(&changes)).unwrap();
    let told = json(&dataset(&[&"upsert", &path, &raw, &"--json"]).ok());
    let by_id = |tokens: &[Token]| -> HashMap<u32, Token> {
        tokens
            .iter()
            .map(|token| (token.id().raw(), *token))
            .collect()
    };
    let mut model = by_id(&tokens);
    model.extend(by_id(&changes));
    let found = load(&path);
    assert_eq!(found.len(), model.len());
    assert!(by_id(&found) == model);
    assert_eq!(told["added"], model.len() - tokens.len());
    assert_eq!(
        told["matched"],
        changes.len() - (model.len() - tokens.len())
    );
}

#[test]
fn filters_and_assignments_that_cannot_be_read_are_usage_errors() {
    let place = Place::new();
    let path = made_of(&place, "a.ngd", &varied(10), "4096");
    let before = load(&path);
    for (filter, set, told) in [
        ("wight > 1", "weight = 1", "`weight`"),
        ("weight > 1", "wight = 1", "`weight`"),
        ("weight > 1", "weight = -1", "expected 0.0 to"),
        ("weight > 1", "", "--set"),
    ] {
        let ran = dataset(&[&"update", &path, &"--where", &filter, &"--set", &set]);
        let stderr = ran.found(2);
        assert!(stderr.contains(told), "{stderr}");
    }
    dataset(&[&"update", &path, &"--set", &"weight = 1"]).found(2);
    // What only the tokens show is an error.
    dataset(&[
        &"update",
        &path,
        &"--where",
        &"weight >= 0",
        &"--set",
        &"weight = weight - 2",
    ])
    .failed(&["position", "weight"]);
    let ran = dataset(&[
        &"delete",
        &path,
        &"--where",
        &"weight > 0",
        &"--base",
        &"99",
        &"--json",
    ]);
    assert_eq!(json(&ran.stderr)["kind"], "conflict");
    assert!(load(&path) == before);
}
