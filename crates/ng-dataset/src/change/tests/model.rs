//! A dataset against a vector of tokens.

use std::collections::{BTreeMap, HashSet};
use std::ops::ControlFlow;

use ng_query::{Query, QueryError};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::{ChangeOptions, ChangeReport};

/// Ids repeat, within shards and between them.
const IDS: u32 = 700;

#[derive(Clone, Debug)]
enum Change {
    Update(&'static str, &'static str),
    /// Adds to the timestamps of every so many selected ones.
    UpdateWith(&'static str, u64),
    Delete(&'static str),
    Upsert(Vec<(u32, u32)>),
    /// A writer's doing.
    Append(u16),
    Roll,
}

const FILTERS: [&str; 8] = [
    "position >= 0",
    "id > 4294967295",
    "id < 20",
    "weight < 0.1 or timestamp = 3",
    "position >= 4000 and position < 4200",
    "id in (1, 5, 650) or not weight < 0.98",
    "position = 0 or strength > 0.99",
    "domain = 0 and id >= 690",
];

const SETS: [&str; 4] = [
    "weight = weight * 0.5",
    "timestamp = timestamp + 1, dirty = true",
    "radius = 1",
    "weight = min(position / 1000, 1)",
];

fn change() -> impl Strategy<Value = Change> {
    let filter = || prop::sample::select(FILTERS.to_vec());
    let set = prop::sample::select(SETS.to_vec());
    let given = vec((0..IDS + 100, any::<u32>()), 0..40);
    prop_oneof![
        3 => (filter(), set).prop_map(|(filter, set)| Change::Update(filter, set)),
        2 => (filter(), 1_u64..900).prop_map(|(filter, each)| Change::UpdateWith(filter, each)),
        3 => filter().prop_map(Change::Delete),
        3 => given.prop_map(Change::Upsert),
        2 => (0_u16..600).prop_map(Change::Append),
        1 => Just(Change::Roll),
    ]
}

/// How many tokens a shard has, and where the rows that count begin and end, in 16ths.
fn shard() -> impl Strategy<Value = (u32, u64, u64)> {
    let tokens = prop_oneof![Just(0), Just(1), 2_u32..300, Just(4096), Just(4500)];
    (tokens, 0_u64..16, 0_u64..17)
}

fn token(seed: u32) -> Token {
    Synth::uniform(9).token(seed.into()).with_id(seed % IDS)
}

struct World {
    dataset: Dataset<SimDir>,
    tail: Option<(FileId, Writer<ng_store::disk::sim::SimFile>)>,
    /// What the sealed shards have, and the open tail behind them.
    model: Vec<Token>,
    next: u32,
}

impl World {
    fn new(shards: &[(u32, u64, u64)]) -> Self {
        let dataset = create_simulated(&SimFs::new());
        let (mut model, mut next) = (Vec::new(), 0);
        for &(count, from, to) in shards {
            let tokens: Vec<Token> = (next..next + count).map(token).collect();
            next += count;
            let row = |part: u64| u64::from(count) * part / 16;
            let rows = row(from.min(to))..row(from.max(to));
            model.extend_from_slice(&tokens[rows.start as usize..rows.end as usize]);
            add(&dataset, &tokens, rows);
        }
        Self {
            dataset,
            tail: None,
            model,
            next,
        }
    }

    fn append(&mut self, count: u32) {
        let dataset = &self.dataset;
        let (_, writer) = self.tail.get_or_insert_with(|| add_tail(dataset, 0..0));
        let tokens: Vec<Token> = (self.next..self.next + count).map(token).collect();
        self.next += count;
        writer.append(&tokens).unwrap();
        append(writer, 0..0);
        self.model.extend(tokens);
    }

    fn roll(&mut self) {
        if let Some((file, writer)) = self.tail.take() {
            seal(&self.dataset, file, writer);
        }
    }

    /// What a query selects from the model.
    fn selected(&self, text: &str) -> Vec<usize> {
        let (filter, workers) = (filter(text), workers());
        let mut selected = Vec::new();
        Query::new(&self.model, &workers)
            .filter(&filter)
            .positions::<QueryError>(|positions| {
                selected.extend(positions.iter().map(|&position| position as usize));
                Ok(ControlFlow::Continue(()))
            })
            .unwrap();
        selected
    }

    /// Makes a change; returns what the model says of it.
    fn make(&mut self, change: &Change) -> Option<(ChangeReport, ChangeReport)> {
        let (workers, options) = (workers(), ChangeOptions::new());
        let before = self.model.clone();
        let mut expected = ChangeReport::default();
        let done = match change {
            Change::Append(count) => {
                self.append((*count).into());
                return None;
            }
            Change::Roll => {
                self.roll();
                return None;
            }
            Change::Update(text, by) => {
                let selected = self.selected(text);
                expected.matched = selected.len() as u64;
                set(by).apply_at(&mut self.model, selected, 0).unwrap();
                let (filter, set) = (filter(text), set(by));
                self.dataset.update(&workers, &filter, &set, &options)
            }
            Change::UpdateWith(text, each) => {
                let selected = self.selected(text);
                expected.matched = selected.len() as u64;
                for index in selected {
                    later(&mut self.model[index], index as u64, *each);
                }
                let change = |tokens: &mut [Token], positions: &[u64]| {
                    let pairs = tokens.iter_mut().zip(positions);
                    pairs.for_each(|(token, position)| later(token, *position, *each));
                    Ok(())
                };
                self.dataset
                    .update_with(&workers, &filter(text), &options, change)
            }
            Change::Delete(text) => {
                let selected: HashSet<_> = self.selected(text).into_iter().collect();
                expected.matched = selected.len() as u64;
                let mut index = 0..;
                let stays = |_: &Token| !selected.contains(&index.next().unwrap());
                self.model.retain(stays);
                self.dataset.delete(&workers, &filter(text), &options)
            }
            Change::Upsert(given) => {
                let given = given.iter().map(|&(id, seed)| token(seed).with_id(id));
                let given: Vec<Token> = given.collect();
                self.upsert(&given, &mut expected);
                self.dataset.upsert(&workers, given, &options)
            }
        };
        let kept = match change {
            Change::Update(..) | Change::UpdateWith(..) => before.iter().zip(&self.model),
            // Counted by the model itself.
            _ => [].iter().zip(&[]),
        };
        expected.changed += kept.filter(|(old, new)| old != new).count() as u64;
        let left = self.model.len() as u64 - expected.added;
        expected.deleted = before.len() as u64 - left;
        Some((done.unwrap(), expected))
    }

    fn upsert(&mut self, given: &[Token], expected: &mut ChangeReport) {
        let last: BTreeMap<u32, Token> = given
            .iter()
            .map(|token| (token.id().raw(), *token))
            .collect();
        let mut found = HashSet::new();
        self.model.retain_mut(|row| {
            let Some(token) = last.get(&row.id().raw()) else {
                return true;
            };
            expected.matched += 1;
            let is_first = found.insert(row.id());
            expected.changed += u64::from(is_first && row != token);
            *row = *token;
            is_first
        });
        for token in given {
            if found.insert(token.id()) {
                self.model.push(last[&token.id().raw()]);
                expected.added += 1;
            }
        }
    }
}

fn later(token: &mut Token, position: u64, each: u64) {
    if position.is_multiple_of(each) {
        *token = token.with_timestamp(token.timestamp().wrapping_add(7));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn a_dataset_is_what_the_same_changes_make_of_a_vector(
        shards in vec(shard(), 0..5),
        changes in vec(change(), 1..7),
    ) {
        let mut world = World::new(&shards);
        prop_assert_eq!(&tokens_of(&world.dataset), &world.model);
        for change in &changes {
            if let Change::Upsert(_) = change {
                // Added tokens come behind the tail, where the model has them, only if it ended.
                world.roll();
            }
            let old = world.dataset.snapshot().unwrap();
            let before = world.model.clone();
            let made = world.make(change);
            prop_assert_eq!(&tokens_of(&world.dataset), &world.model, "{:?}", change);
            if let Some((done, expected)) = made {
                let counts = |report: &ChangeReport| {
                    (report.matched, report.changed, report.deleted, report.added)
                };
                prop_assert_eq!(counts(&done), counts(&expected), "{:?}", change);
                let newest = world.dataset.snapshot().unwrap().manifest().generation;
                let is_new = newest > old.manifest().generation;
                prop_assert_eq!(done.generation, is_new.then_some(newest));
                prop_assert_eq!(is_new, before != world.model);
                prop_assert_eq!(done.files.len() as u64, done.shards_rewritten + done.shards_dropped);
                // Who had looked before sees what was there.
                prop_assert_eq!(read(&old), before);
            }
        }
        check_files(&world.dataset);
    }
}

/// Every file is one that a generation names.
fn check_files(dataset: &Dataset<SimDir>) {
    let mut named = HashSet::new();
    for generation in dataset.generations().unwrap() {
        let snapshot = dataset.snapshot_of(generation).unwrap();
        let entries = snapshot.manifest().entries.iter();
        named.extend(entries.map(|entry| format!("{}.ngt", entry.file)));
    }
    for file in files(dataset) {
        assert!(named.contains(&file), "{file} is left");
    }
}
