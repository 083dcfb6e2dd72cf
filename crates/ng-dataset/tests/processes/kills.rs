//! Writers, updates and collectors that are killed at random moments.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use ng_dataset::{CreateOptions, Dataset};
use tempfile::TempDir;

use crate::actor::{Actor, number};
use crate::amount;
use crate::random::Random;
use crate::tokens::Seen;

/// The kills at scale 1, each.
const KILLS: u64 = 25;

/// A killed process lives up to so long, in microseconds.
const LIFE_US: u64 = 30_000;

/// The size at which a dataset is abandoned, to keep full checks fast.
const TOKENS_MAX: u64 = 200_000;

struct Scene {
    _folder: TempDir,
    path: PathBuf,
    dataset: Dataset,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens.ngd");
        let dataset = Dataset::create(&path, &CreateOptions::new()).unwrap();
        Self {
            _folder: folder,
            path,
            dataset,
        }
    }

    /// With sealed shards that have the rows that are changed.
    fn filled() -> Self {
        let scene = Self::new();
        let mut actor = scene.start("append", &["0", "0", "60000", "1"]);
        while actor.line().is_some() {}
        assert!(actor.end().success());
        scene
    }

    fn start(&self, role: &str, words: &[&str]) -> Actor {
        Actor::start(role, &[&[self.path.to_str().unwrap()], words].concat())
    }

    fn seen(&self) -> Seen {
        let seen = Seen::in_dataset(&self.dataset, 1).unwrap();
        assert_eq!(seen.out_of_order, None);
        seen
    }
}

/// Kills an actor some time after its first line; returns what it said.
fn kill(mut actor: Actor, random: &mut Random) -> Vec<String> {
    let first = actor.line();
    thread::sleep(Duration::from_micros(random.below(LIFE_US)));
    let lines = actor.take_lines();
    actor.kill();
    first.into_iter().chain(lines.map(Result::unwrap)).collect()
}

/// The last number that an actor said after a word.
fn last(lines: &[String], word: &str) -> Option<u64> {
    let said = lines.iter().rev();
    let mut counts = said.filter_map(|line| line.strip_prefix(word)?.strip_prefix(' '));
    counts.next().map(number)
}

pub(crate) fn writers() {
    let mut random = Random::new(1);
    let (mut scene, mut have) = (Scene::new(), 0);
    for seed in 0..KILLS * amount::scale() {
        if have > TOKENS_MAX {
            (scene, have) = (Scene::new(), 0);
        }
        let words = [
            "0",
            &have.to_string(),
            &u64::from(u32::MAX).to_string(),
            &seed.to_string(),
        ];
        let lines = kill(scene.start("append", &words), &mut random);
        let acknowledged = last(&lines, "ack").unwrap_or(have);
        scene.dataset.close_tails().unwrap();
        assert_eq!(scene.dataset.tails().unwrap(), []);
        let counts = scene.seen().counts;
        assert!(
            counts[0] >= acknowledged.max(have),
            "seed {seed}: {counts:?}, {acknowledged} were acknowledged"
        );
        have = counts[0];
        amount::count("dataset kills: writers", 1);
    }
}

pub(crate) fn updates() {
    let mut random = Random::new(2);
    let scene = Scene::filled();
    let (tokens, mut change) = (scene.seen().counts, 0);
    for _ in 0..KILLS * amount::scale() {
        let from = (change + 1).to_string();
        let lines = kill(scene.start("update", &[&from, "60000"]), &mut random);
        let begun = last(&lines, "begin").unwrap_or(change);
        let done = last(&lines, "done").unwrap_or(change);
        let seen = scene.seen();
        assert_eq!(seen.counts, tokens);
        let (low, high) = seen.weights.unwrap();
        assert_eq!(low, high, "half of a change");
        change = low as u64;
        assert!(
            (done..=begun).contains(&change),
            "change {change}, {done} was done and {begun} begun"
        );
        amount::count("dataset kills: updates", 1);
    }
}

pub(crate) fn collectors() {
    let mut random = Random::new(3);
    let scene = Scene::filled();
    let mut change = 1;
    for _ in 0..KILLS * amount::scale() {
        let mut updates = scene.start("update", &[&change.to_string(), "60000"]);
        for _ in 0..6 {
            updates.line().unwrap();
        }
        let reader = scene.dataset.snapshot().unwrap();
        let seen = Seen::of(&reader, 1).unwrap();
        kill(scene.start("collect", &["60000"]), &mut random);
        updates.kill();
        // What is read stays.
        assert_eq!(Seen::of(&reader, 1).unwrap(), seen);
        for generation in scene.dataset.generations().unwrap() {
            let kept = scene.dataset.snapshot_of(generation).unwrap();
            let seen = Seen::of(&kept, 1).unwrap();
            assert_eq!(seen.out_of_order, None, "generation {generation}");
            change = change.max(seen.weights.map_or(0, |(_, high)| high as u64 + 1));
        }
        amount::count("dataset kills: collectors", 1);
    }
}
