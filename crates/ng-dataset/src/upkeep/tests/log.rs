use super::*;
use crate::{ManifestFlaw, ParentState, Verb};

fn parents(dataset: &Dataset) -> Vec<(u64, Option<ParentState>)> {
    let log = dataset.log().unwrap();
    let state = |info: crate::GenerationInfo| {
        let parent = info.summary.ok().map(|summary| summary.parent);
        (info.generation, parent)
    };
    log.into_iter().map(state).collect()
}

#[test]
fn the_log_lists_what_was_done_the_newest_first() {
    let (_temporary, dataset) = create();
    let old = add_shard(&dataset, 0..10).unwrap();
    replace_shard(&dataset, old, 0..7).unwrap();
    let (_, writer) = add_tail(&dataset, 0..3);
    drop(writer);
    let log = dataset.log().unwrap();
    let lines = log.iter().map(|info| {
        let it = info.summary.as_ref().unwrap();
        (info.generation, it.verb, it.shards, it.tails, it.rows)
    });
    let expected = [
        (3, Verb::Append, 2, 1, 7),
        (2, Verb::Update, 1, 0, 7),
        (1, Verb::Append, 1, 0, 10),
        (0, Verb::Create, 0, 0, 0),
    ];
    assert_eq!(lines.collect::<Vec<_>>(), expected);
    let mut times = log
        .iter()
        .map(|it| it.summary.as_ref().unwrap().committed_ns);
    assert!(times.by_ref().is_sorted_by(|newer, older| newer >= older));
}

#[test]
fn the_log_tells_what_became_of_each_parent() {
    let (_temporary, dataset) = create();
    for id in 0..4 {
        add_shard(&dataset, id..id + 1).unwrap();
    }
    use ParentState::{Damaged, Differs, First, Gone, Sound};
    let sound = [
        (4, Some(Sound)),
        (3, Some(Sound)),
        (2, Some(Sound)),
        (1, Some(Sound)),
        (0, Some(First)),
    ];
    assert_eq!(parents(&dataset), sound);
    rewrite(&dataset, 3, |manifest| manifest.entries.truncate(1));
    flip_manifest(&dataset, 1);
    fs::remove_file(dataset.path().join(manifest_name(0))).unwrap();
    let spoiled = [
        (4, Some(Differs)),
        (3, Some(Sound)),
        (2, Some(Damaged)),
        (1, None),
    ];
    assert_eq!(parents(&dataset), spoiled);
    let damaged = &dataset.log().unwrap()[3];
    assert!(matches!(damaged.summary, Err(ManifestFlaw::Seal(_))));
    fs::remove_file(dataset.path().join(manifest_name(1))).unwrap();
    assert_eq!(parents(&dataset)[2], (2, Some(Gone)));
}
