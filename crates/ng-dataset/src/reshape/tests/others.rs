//! What others do while shards are rewritten.

use std::sync::Mutex;

use ng_parallel::{ParallelError, StopFlag};
use ng_store::disk::sim::{SimDir, SimFs};
use ng_token::Token;

use super::{BLOCK, lengths, unwatched, workers};
use crate::error::Conflict;
use crate::manifest::Entry;
use crate::reshape::testing::{
    add_shard, add_tail, assert_no_leftovers, publish, rows_of, simulated, tokens,
};
use crate::{CompactOptions, Dataset, DatasetError, FileId, ReshardOptions, Verb};

/// Four small shards, and their tokens.
fn small_shards() -> (Dataset<SimDir>, Vec<Token>) {
    let dataset = simulated(SimFs::new().dir());
    let mut all = Vec::new();
    for seed in 1..5 {
        let rows = tokens(5000, seed);
        add_shard(&dataset, &rows);
        all.extend_from_slice(&rows);
    }
    (dataset, all)
}

fn once(f: impl FnOnce() + Send) -> impl Fn(u64, u64) + Sync {
    let f = Mutex::new(Some(f));
    move |_, _| {
        if let Some(f) = f.lock().unwrap().take() {
            f();
        }
    }
}

#[test]
fn a_writer_that_rolls_meanwhile_loses_nothing() {
    for is_reshard in [false, true] {
        let (dataset, mut all) = small_shards();
        let tail = add_tail(&dataset, &tokens(3000, 8));
        all.extend(tokens(3000, 8));
        all.extend(tokens(70, 9));
        let other = dataset.clone();
        let roll = once(move || {
            let next = add_tail(&other, &tokens(70, 9));
            publish(&other, Verb::Append, |manifest| {
                let is_tail = |entry: &Entry| entry.file == tail.entry.file;
                let at = manifest.entries.iter().position(is_tail).unwrap();
                manifest.entries[at] = tail.entry.clone();
            });
            drop((next, tail));
        });
        let report = match is_reshard {
            false => dataset.compact(&workers(), &CompactOptions::new(), roll),
            true => dataset.reshard(&workers(), &ReshardOptions::default(), roll),
        };
        let after = dataset.snapshot().unwrap();
        assert_eq!(lengths(&after), [20_000, 3000, 70]);
        assert!(rows_of(&after) == all);
        assert_eq!(
            report.unwrap().generation,
            Some(after.manifest().generation)
        );
        assert!(after.shards()[2].is_open() && !after.shards()[1].is_open());
        assert_no_leftovers(&dataset);
    }
}

#[test]
fn rows_that_are_dropped_meanwhile_are_a_conflict_and_nothing_is_left() {
    let (dataset, all) = small_shards();
    let other = dataset.clone();
    let drop_oldest =
        once(move || publish(&other, Verb::Retain, |next| drop(next.entries.remove(0))));
    let compacted = dataset.compact(&workers(), &CompactOptions::new(), drop_oldest);
    let error = compacted.unwrap_err();
    let is_conflict = matches!(
        error,
        DatasetError::Conflict {
            what: Conflict::RowsReplaced { .. },
            ..
        }
    );
    assert!(is_conflict, "{error}");
    assert!(rows_of(&dataset.snapshot().unwrap()) == all[5000..]);
    assert_no_leftovers(&dataset);
}

/// Says something else of a shard, as a repair does.
fn correct(dataset: &Dataset<SimDir>, file: FileId) {
    publish(dataset, Verb::Repair, |next| {
        let entry = next.entries.iter_mut().find(|entry| entry.file == file);
        let sealed = entry.unwrap().sealed.as_mut().unwrap();
        sealed.bytes += 64;
        sealed.order = None;
        sealed.zone = None;
    });
}

/// A shard that is long enough already, and two that become one.
fn one_kept_and_two_cut() -> (Dataset<SimDir>, [FileId; 3]) {
    let dataset = simulated(SimFs::new().dir());
    let files = [(BLOCK, 1), (300, 2), (400, 3)]
        .map(|(length, seed)| add_shard(&dataset, &tokens(length, seed)));
    publish(&dataset, Verb::Repair, |next| {
        for entry in &mut next.entries {
            entry.sealed.as_mut().unwrap().order = Some("id".to_owned());
        }
    });
    (dataset, files)
}

/// A reshape put the entry back that it had begun with.
#[test]
fn what_a_repair_corrects_meanwhile_of_a_shard_that_stays_is_not_undone() {
    let (dataset, files) = one_kept_and_two_cut();
    let other = dataset.clone();
    let corrects = once(move || correct(&other, files[0]));
    let options = ReshardOptions::tokens(BLOCK as u64);
    dataset.reshard(&workers(), &options, corrects).unwrap();
    let after = dataset.snapshot().unwrap();
    assert_eq!(lengths(&after), [BLOCK, 700]);
    let kept = &after.manifest().entries[0];
    let sealed = kept.sealed.as_ref().unwrap();
    assert_eq!(kept.file, files[0]);
    assert_eq!((&sealed.order, &sealed.zone), (&None, &None));
    assert!(after.shards()[1].sealed().unwrap().zone.is_some());
}

/// The new shard took over an order that the repair had cleared.
#[test]
fn what_a_repair_corrects_meanwhile_of_a_shard_that_is_rewritten_is_a_conflict() {
    let (dataset, files) = one_kept_and_two_cut();
    let other = dataset.clone();
    let corrects = once(move || correct(&other, files[2]));
    let options = ReshardOptions::tokens(BLOCK as u64);
    let error = dataset.reshard(&workers(), &options, corrects).unwrap_err();
    let expected = Conflict::ShardCorrected { file: files[2] };
    assert!(
        matches!(error, DatasetError::Conflict { what, .. } if what == expected),
        "{error}"
    );
    assert_eq!(lengths(&dataset.snapshot().unwrap()), [BLOCK, 300, 400]);
    assert_no_leftovers(&dataset);
}

#[test]
fn one_change_is_made_at_a_time() {
    let (dataset, _) = small_shards();
    let other = dataset.clone();
    let second = Mutex::new(None);
    let first = once(|| {
        let compacted = other.compact(&workers(), &CompactOptions::new(), unwatched);
        *second.lock().unwrap() = Some(compacted);
    });
    dataset
        .compact(&workers(), &CompactOptions::new(), first)
        .unwrap();
    let second = second.into_inner().unwrap().unwrap();
    assert!(
        matches!(second, Err(DatasetError::Locked { .. })),
        "{second:?}"
    );
}

#[test]
fn a_snapshot_reads_the_old_shards_while_and_after() {
    let (dataset, all) = small_shards();
    let before = dataset.snapshot().unwrap();
    let (while_copying, expected) = (before.clone(), all.clone());
    let read = once(move || assert!(rows_of(&while_copying) == expected));
    dataset
        .compact(&workers(), &CompactOptions::new(), read)
        .unwrap();
    assert_eq!(lengths(&before), [5000; 4]);
    assert!(rows_of(&before) == all);
    assert!(rows_of(&dataset.snapshot().unwrap()) == all);
}

#[test]
fn a_stop_leaves_the_old_generation_and_nothing_else() {
    let (dataset, all) = small_shards();
    let stop = StopFlag::new();
    let workers = workers().with_stop_flag(stop.clone());
    let before = dataset.generations().unwrap();
    let compacted = dataset.compact(&workers, &CompactOptions::new(), |_, _| stop.stop());
    let error = compacted.unwrap_err();
    assert!(
        matches!(error, DatasetError::Parallel(ParallelError::Stopped { .. })),
        "{error}"
    );
    assert_eq!(dataset.generations().unwrap(), before);
    assert!(rows_of(&dataset.snapshot().unwrap()) == all);
    assert_no_leftovers(&dataset);
}
