//! Which shards are written anew, and what the new ones have of the old.

use std::fs;

use ng_store::disk::sim::{Call, CallKind};

use super::*;
use crate::shard::ShardOptions;
use crate::{ChangeOptions, CreateOptions};

#[test]
fn shards_that_cannot_match_are_not_opened() {
    let Four {
        fs, dataset, files, ..
    } = Four::new();
    let before = fs.log().len();
    let report = dataset
        .update(
            &workers(),
            &filter("id between 6003 and 6005"),
            &set("weight = 0.125"),
            &ChangeOptions::new(),
        )
        .unwrap();
    // The tail has no zone.
    assert_eq!((report.matched, report.shards_pruned), (3, 2));
    assert_eq!(report.files, [files[2]]);
    let opened: Vec<_> = fs.log()[before..]
        .iter()
        .filter_map(|call| match call {
            Call::Open { name } => Some(name.clone()),
            _ => None,
        })
        .collect();
    for (file, is_opened) in [(files[0], false), (files[1], false), (files[2], true)] {
        let name = format!("shards/{file}.ngt");
        assert_eq!(opened.contains(&name), is_opened, "{name}: {opened:?}");
    }
}

#[test]
fn files_of_shards_without_a_change_stay_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = Dataset::create(folder.path(), &CreateOptions::new()).unwrap();
    let first = add(&dataset, &varied(0..5000), 0..5000);
    let second = add(&dataset, &varied(5000..9000), 0..4000);
    let path = |file: FileId| folder.path().join("shards").join(format!("{file}.ngt"));
    let before = [first, second].map(|file| fs::read(path(file)).unwrap());
    // It is looked at, but the weight is that already.
    let weight = varied(4999..5000)[0].weight();
    let report = dataset
        .update(
            &workers(),
            &filter("id >= 4999"),
            &set(&format!("weight = {weight:?}")),
            &ChangeOptions::new(),
        )
        .unwrap();
    assert_eq!((report.matched, report.changed), (4001, 3999 + 1));
    assert_eq!(report.files, [second]);
    let after = [first, second].map(|file| fs::read(path(file)).unwrap());
    assert!(before == after);
    let manifest = dataset.snapshot().unwrap().manifest().clone();
    assert_eq!(manifest.entries[0].file, first);
    assert_eq!(manifest.entries.len(), 2);
    // The new shard has an index.
    let new = manifest.entries[1].file;
    assert!(
        folder
            .path()
            .join(format!("shards/{new}.ngt.index"))
            .is_dir()
    );
}

#[test]
fn a_change_that_changes_nothing_publishes_nothing() {
    let Four { fs, dataset, .. } = Four::new();
    let (generations, names) = (dataset.generations().unwrap(), files(&dataset));
    let created = fs.operations_of(CallKind::Create);
    let same = dataset
        .update_with::<DatasetError>(&workers(), &Filter::All, &ChangeOptions::new(), |_, _| {
            Ok(())
        })
        .unwrap();
    assert_eq!(
        (same.matched, same.changed, same.generation),
        (5610, 0, None)
    );
    let options = ChangeOptions::new().tag("note", "1");
    let none = dataset.delete(&workers(), &Filter::Nothing, &options);
    assert_eq!(none.unwrap().generation, None);
    let given = varied(1200..1300);
    let kept = dataset.upsert(&workers(), given, &options).unwrap();
    assert_eq!(
        (kept.matched, kept.changed, kept.generation),
        (100, 0, None)
    );
    assert_eq!(dataset.generations().unwrap(), generations);
    assert_eq!(files(&dataset), names);
    // Nothing but the file of the lock.
    assert_eq!(fs.operations_of(CallKind::Create), created + 3);
}

#[test]
fn a_dry_run_counts_the_same_and_writes_nothing() {
    type Change = fn(&Dataset<SimDir>, &ChangeOptions) -> crate::ChangeReport;
    let update: Change = |dataset, options| {
        let filter = filter("id >= 400 and weight > 0.5");
        let set = set("weight = 0");
        dataset.update(&workers(), &filter, &set, options).unwrap()
    };
    let delete: Change = |dataset, options| {
        let filter = filter("id >= 6000");
        dataset.delete(&workers(), &filter, options).unwrap()
    };
    let upsert: Change = |dataset, options| {
        let given = (400..8000).map(Token::new);
        dataset.upsert(&workers(), given, options).unwrap()
    };
    for change in [update, delete, upsert] {
        let Four { fs, dataset, .. } = Four::new();
        let (tokens, mutations) = (tokens_of(&dataset), mutations(&fs));
        let mut dry = change(&dataset, &ChangeOptions::new().dry_run(true));
        assert_eq!(self::mutations(&fs), mutations);
        assert_eq!(tokens_of(&dataset), tokens);
        let done = change(&dataset, &ChangeOptions::new());
        assert!(done.bytes_read >= dry.bytes_read);
        dry.bytes_read = done.bytes_read;
        dry.generation = done.generation;
        assert_eq!(dry, done);
        assert!(done.generation.is_some());
    }
}

fn mutations(fs: &SimFs) -> usize {
    let log = fs.log();
    log.iter().filter(|call| call.kind().mutates()).count()
}

#[test]
fn a_new_shard_keeps_the_time_of_the_old_one_and_the_order_that_still_holds() {
    type Change = fn(&Dataset<SimDir>);
    let by: [(Change, Option<&str>); 6] = [
        (
            |dataset| update(dataset, "weight = 0.5"),
            Some("timestamp,id"),
        ),
        (|dataset| update(dataset, "timestamp = 5"), None),
        // A part of the id.
        (|dataset| update(dataset, "weight = 0.5, domain = 3"), None),
        (
            |dataset| {
                let change = |tokens: &mut [Token], _: &[u64]| {
                    tokens[0] = tokens[0].with_weight(7.0);
                    Ok::<_, DatasetError>(())
                };
                let options = ChangeOptions::new();
                let done = dataset.update_with(&workers(), &Filter::All, &options, change);
                done.unwrap();
            },
            None,
        ),
        (
            |dataset| {
                let options = ChangeOptions::new();
                dataset
                    .delete(&workers(), &filter("id < 5"), &options)
                    .unwrap();
            },
            Some("timestamp,id"),
        ),
        (
            |dataset| {
                let options = ChangeOptions::new();
                dataset
                    .upsert(&workers(), [Token::new(3)], &options)
                    .unwrap();
            },
            None,
        ),
    ];
    for (number, (change, order)) in by.into_iter().enumerate() {
        let dataset = create_simulated(&SimFs::new());
        let options = ShardOptions {
            committed_ns: Some(77),
            order: Some("timestamp,id".to_owned()),
            ..ShardOptions::default()
        };
        let old = add_with(&dataset, &varied(0..10), 0..10, options);
        change(&dataset);
        let manifest = dataset.snapshot().unwrap().manifest().clone();
        assert_ne!(manifest.entries[0].file, old);
        let sealed = manifest.entries[0].sealed.clone().unwrap();
        assert_eq!(sealed.committed_ns, 77);
        assert_eq!(sealed.order.as_deref(), order, "{number}");
    }
}

fn update(dataset: &Dataset<SimDir>, text: &str) {
    let options = ChangeOptions::new();
    let done = dataset.update(&workers(), &Filter::All, &set(text), &options);
    done.unwrap();
}

#[test]
fn a_generation_has_the_tags_of_its_change() {
    let Four { dataset, .. } = Four::new();
    let options = ChangeOptions::new().tag("why", "too heavy");
    let done = dataset.delete(&workers(), &filter("id = 3"), &options);
    let generation = done.unwrap().generation.unwrap();
    let manifest = dataset.snapshot_of(generation).unwrap().manifest().clone();
    assert_eq!(
        (manifest.verb, &*manifest.tags["why"]),
        (Verb::Delete, "too heavy")
    );
}

#[test]
fn a_damaged_block_is_named_and_nothing_is_published() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = Dataset::create(folder.path(), &CreateOptions::new()).unwrap();
    let first = add(&dataset, &varied(0..9000), 0..9000);
    add(&dataset, &varied(9000..9100), 0..100);
    let path = folder.path().join("shards").join(format!("{first}.ngt"));
    let mut bytes = fs::read(&path).unwrap();
    let token = &varied(5000..5001)[0];
    let at = bytes
        .windows(Token::SIZE)
        .position(|at| at == token.as_bytes());
    bytes[at.unwrap()] ^= 1;
    fs::write(&path, bytes).unwrap();
    let (generations, names) = (dataset.generations().unwrap(), files(&dataset));
    let error = dataset
        .delete(&workers(), &filter("id < 10"), &ChangeOptions::new())
        .unwrap_err();
    assert!(matches!(error, DatasetError::Read(_)), "{error:?}");
    assert!(error.to_string().contains(&format!("{first}")), "{error}");
    assert_eq!(dataset.generations().unwrap(), generations);
    assert_eq!(files(&dataset), names);
    // Shards beside it can be changed.
    let done = dataset.delete(&workers(), &filter("id >= 9090"), &ChangeOptions::new());
    assert_eq!(done.unwrap().deleted, 10);
}

#[test]
fn the_closure_gets_the_selected_tokens_with_their_positions_in_order() {
    let Four { dataset, .. } = Four::new();
    let before = tokens_of(&dataset);
    let filter = filter("weight < 0.25");
    let mut seen = Vec::new();
    let report = dataset
        .update_with::<DatasetError>(
            &workers(),
            &filter,
            &ChangeOptions::new(),
            |tokens, positions| {
                assert_eq!(tokens.len(), positions.len());
                assert!((1..=4096).contains(&tokens.len()));
                for (token, &position) in tokens.iter_mut().zip(positions) {
                    assert_eq!(*token, before[position as usize]);
                    *token = token.with_weight(position as f32);
                }
                seen.extend_from_slice(positions);
                Ok(())
            },
        )
        .unwrap();
    let light = |&at: &usize| before[at].weight() < 0.25;
    let expected: Vec<u64> = (0..before.len())
        .filter(light)
        .map(|at| at as u64)
        .collect();
    assert_eq!(seen, expected);
    assert_eq!(report.matched, expected.len() as u64);
    let after = tokens_of(&dataset);
    for (at, token) in after.iter().enumerate() {
        let weight = match light(&at) {
            true => at as f32,
            false => before[at].weight(),
        };
        assert_eq!(*token, before[at].with_weight(weight));
    }
}

#[test]
fn a_tail_that_cannot_be_read_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = Dataset::create(folder.path(), &CreateOptions::new()).unwrap();
    add(&dataset, &varied(0..10), 0..10);
    let (tail, _writer) = add_tail(&dataset, 10..20);
    let path = folder.path().join("shards").join(format!("{tail}.ngt"));
    fs::write(path, "no tokens").unwrap();
    assert_eq!(dataset.snapshot().unwrap().findings().len(), 1);
    let refused = dataset.delete(&workers(), &filter("id = 3"), &ChangeOptions::new());
    assert!(matches!(refused, Err(DatasetError::Open(_))), "{refused:?}");
}
