//! Publishers that race for the next number.

use std::collections::BTreeMap;

use ng_dataset::{CreateOptions, Dataset, Verb};

use crate::actor::Actor;
use crate::amount;
use crate::tokens::Seen;

const PUBLISHERS: u64 = 8;
const ROLLS: u64 = 12;

pub(crate) fn publishers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.ngd");
    let dataset = Dataset::create(&path, &CreateOptions::new()).unwrap();
    let rolls = ROLLS * amount::scale();
    let word = path.to_str().unwrap();
    let actors: Vec<Actor> = (0..PUBLISHERS)
        .map(|own| Actor::start("roll", &[word, &own.to_string(), &rolls.to_string()]))
        .collect();
    for actor in actors {
        assert!(actor.end().success());
    }
    let numbers = dataset.generations().unwrap();
    let newest = numbers.len() as u64 - 1;
    assert_eq!(numbers, (0..=newest).collect::<Vec<_>>());
    assert!(newest >= PUBLISHERS * rolls, "{newest} generations");
    let mut hashes = BTreeMap::new();
    for number in numbers {
        let snapshot = dataset.snapshot_of(number).unwrap();
        let manifest = snapshot.manifest();
        hashes.insert(number, manifest.hash);
        let parent = manifest
            .parent
            .map(|parent| (parent.generation, parent.hash));
        let before = number
            .checked_sub(1)
            .map(|before| (before, hashes[&before]));
        assert_eq!(parent, before);
        assert_eq!(manifest.verb == Verb::Create, number == 0);
    }
    let seen = Seen::in_dataset(&dataset, PUBLISHERS as usize).unwrap();
    assert_eq!(seen.out_of_order, None);
    assert_eq!(seen.counts, [rolls; PUBLISHERS as usize]);
    amount::count("dataset races: generations", newest);
}
