use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use ng_store::disk::sim::{SimDir, SimFs};

use super::*;
use crate::{Conflict, DatasetError, FollowOptions, Followed, Follower, Verb, WriterOptions};

#[test]
fn an_old_generation_becomes_the_newest_and_the_newest_an_old_one() {
    let dataset = create_simulated(&SimFs::new());
    let old = add_shard(&dataset, 0..10).unwrap();
    replace_shard(&dataset, old, 20..25).unwrap();
    let rows = || ids(&dataset.snapshot().unwrap()).unwrap();
    assert_eq!(dataset.checkout(1).unwrap(), 3);
    assert_eq!(rows(), (0..10).collect::<Vec<_>>());
    assert_eq!(dataset.snapshot().unwrap().manifest().verb, Verb::Checkout);
    assert_eq!(dataset.checkout(2).unwrap(), 4);
    assert_eq!(rows(), (20..25).collect::<Vec<_>>());
    assert_eq!(dataset.checkout(4).unwrap(), 4);
    assert_eq!(dataset.checkout(0).unwrap(), 5);
    assert!(rows().is_empty());
}

#[test]
fn what_is_not_kept_is_not_checked_out() {
    let dataset = create_simulated(&SimFs::new());
    let old = add_shard(&dataset, 0..10).unwrap();
    replace_shard(&dataset, old, 20..25).unwrap();
    let reader = dataset.snapshot_of(1).unwrap();
    dataset.collect(&NOW).unwrap();
    let error = dataset.checkout(0).unwrap_err();
    assert!(
        matches!(error, DatasetError::GenerationGone { .. }),
        "{error}"
    );
    // A reader has it, but it goes with him.
    let error = dataset.checkout(1).unwrap_err();
    let expected = Conflict::NoLongerKept { generation: 1 };
    assert!(
        matches!(error, DatasetError::Conflict { what, .. } if what == expected),
        "{error}"
    );
    drop(reader);
}

#[test]
fn a_generation_without_its_files_is_not_checked_out() {
    let (_temporary, dataset) = create();
    let old = add_shard(&dataset, 0..10).unwrap();
    replace_shard(&dataset, old, 20..25).unwrap();
    fs::remove_file(dataset.place().shard_path(old)).unwrap();
    let error = dataset.checkout(1).unwrap_err();
    assert!(
        matches!(error, DatasetError::ShardMissing { generation: 1, .. }),
        "{error}"
    );
    assert_eq!(dataset.generations().unwrap(), [0, 1, 2]);
}

#[test]
fn a_writer_goes_on_behind_the_old_rows() {
    let (_temporary, dataset) = create();
    add_shard(&dataset, 0..10).unwrap();
    let mut writer = dataset.writer(&WriterOptions::new()).unwrap();
    writer.append(&tokens(10..15)).unwrap();
    writer.commit().unwrap();
    dataset.checkout(1).unwrap();
    assert_eq!(shown(&dataset), (0..10).collect::<Vec<_>>());
    writer.append(&tokens(15..20)).unwrap();
    writer.commit().unwrap();
    let expected: Vec<u32> = (0..10).chain(15..20).collect();
    assert_eq!(shown(&dataset), expected);
    writer.close().unwrap();
    assert_eq!(shown(&dataset), expected);
    let snapshot = dataset.snapshot().unwrap();
    assert!(snapshot.shards().iter().all(|shard| !shard.is_open()));
    drop(snapshot);
    // As it was before: nothing is lost.
    dataset.checkout(2).unwrap();
    assert_eq!(shown(&dataset), (0..20).collect::<Vec<_>>());
}

#[test]
fn who_follows_is_told_each_token_once() {
    let (_temporary, dataset) = create();
    let mut follower = dataset.follow(&FollowOptions::new()).unwrap();
    let mut told = Vec::new();
    let mut writer = dataset.writer(&WriterOptions::new()).unwrap();
    for (round, old) in [0, 1, 2, 0, 4].into_iter().enumerate() {
        let first = 100 * round as u32;
        writer.append(&tokens(first..first + 10)).unwrap();
        writer.commit().unwrap();
        if round % 2 == 0 {
            follow(&mut follower, &mut told);
        }
        if round == 3 {
            writer.roll().unwrap();
            writer.wait().unwrap();
        }
        dataset.checkout(old).unwrap();
        follow(&mut follower, &mut told);
    }
    writer.close().unwrap();
    follow(&mut follower, &mut told);
    told.sort_unstable();
    let all = (0..5).flat_map(|round| 100 * round..100 * round + 10);
    assert_eq!(told, all.collect::<Vec<u32>>());
}

fn follow(follower: &mut Follower, told: &mut Vec<u32>) {
    loop {
        match follower.next(Duration::ZERO).unwrap() {
            Followed::Tokens(batch) => told.extend(batch.tokens.iter().map(|it| it.id().raw())),
            Followed::Gap { rows } => panic!("{rows} rows are gone"),
            _ => return,
        }
    }
}

#[test]
fn a_tail_that_was_open_then_and_is_now_stays_open() {
    let (_temporary, dataset) = create();
    let mut writer = dataset.writer(&WriterOptions::new()).unwrap();
    writer.append(&tokens(0..5)).unwrap();
    writer.commit().unwrap();
    add_shard(&dataset, 100..110).unwrap();
    dataset.checkout(1).unwrap();
    assert_eq!(shown(&dataset), (0..5).collect::<Vec<_>>());
    writer.append(&tokens(5..8)).unwrap();
    writer.commit().unwrap();
    assert_eq!(shown(&dataset), (0..8).collect::<Vec<_>>());
    writer.close().unwrap();
    assert_eq!(shown(&dataset), (0..8).collect::<Vec<_>>());
}

#[test]
fn a_tail_that_was_sealed_since_comes_back_sealed() {
    let (_temporary, dataset) = create();
    let mut writer = dataset.writer(&WriterOptions::new()).unwrap();
    writer.append(&tokens(0..5)).unwrap();
    writer.close().unwrap();
    let newest = dataset.snapshot().unwrap();
    let sealed = newest.shards()[0].sealed().cloned().unwrap();
    dataset.checkout(1).unwrap();
    let again = dataset.snapshot().unwrap();
    assert_eq!(again.shards()[0].sealed(), Some(&sealed));
    assert_eq!(again.manifest().appended, newest.manifest().appended);
    assert_eq!(ids(&again).unwrap(), (0..5).collect::<Vec<_>>());
}

#[test]
fn a_tail_that_nobody_sealed_or_has_comes_back_sealed() {
    let (_temporary, dataset) = create();
    let (file, writer) = add_tail(&dataset, 0..5);
    let drop_all = |_: &_, next: &mut Manifest| {
        next.entries.clear();
        Ok(true)
    };
    dataset.place().change(Verb::Delete, drop_all).unwrap();
    // Its writer lives, and may still append.
    dataset.checkout(1).unwrap();
    let open = dataset.snapshot().unwrap();
    assert!(open.shards()[0].is_open());
    dataset.place().change(Verb::Delete, drop_all).unwrap();
    drop(writer);
    dataset.checkout(1).unwrap();
    let snapshot = dataset.snapshot().unwrap();
    let shard = &snapshot.shards()[0];
    assert_eq!(
        (shard.file(), shard.rows(), shard.is_open()),
        (file, 0..5, false)
    );
    assert_eq!(shard.sealed().unwrap().stream, Some(0));
    assert_eq!(snapshot.manifest().appended, 5);
    assert_eq!(ids(&snapshot).unwrap(), (0..5).collect::<Vec<_>>());
    let report = verify::verified(&dataset);
    assert!(report.is_clean(), "{report:?}");
}

#[test]
fn checkouts_collectors_and_publishers_race_without_losing_a_file() {
    let fs = SimFs::new();
    let first = create_simulated(&fs);
    for id in 0..3 {
        let file = add_shard(&first, id..id + 1).unwrap();
        replace_shard(&first, file, id..id + 1).unwrap();
    }
    let at_work = AtomicBool::new(true);
    let (checkouts, refused) = (AtomicU32::new(0), AtomicU32::new(0));
    let open = || -> Dataset<SimDir> { open_simulated(&fs).unwrap() };
    let collect = || {
        let dataset = open();
        while at_work.load(Ordering::Relaxed) {
            dataset.collect(&NOW.keep(4)).unwrap();
        }
    };
    let check_out = || {
        let dataset = open();
        for round in 0..60 {
            let numbers = dataset.generations().unwrap();
            let old = numbers[round % numbers.len()];
            match dataset.checkout(old) {
                Ok(_) => checkouts.fetch_add(1, Ordering::Relaxed),
                Err(DatasetError::GenerationGone { .. }) => refused.fetch_add(1, Ordering::Relaxed),
                Err(DatasetError::Conflict { what, .. }) => {
                    assert_eq!(what, Conflict::NoLongerKept { generation: old });
                    refused.fetch_add(1, Ordering::Relaxed)
                }
                Err(error) => panic!("{error}"),
            };
            ids(&dataset.snapshot().unwrap()).unwrap();
        }
    };
    let publish = || {
        let dataset = open();
        for id in 10..30 {
            add_shard(&dataset, id..id + 1).unwrap();
        }
    };
    thread::scope(|scope| {
        let ends = [
            scope.spawn(check_out),
            scope.spawn(check_out),
            scope.spawn(publish),
        ];
        let collectors = [scope.spawn(collect), scope.spawn(collect)];
        let ended = ends.map(|it| it.join().is_ok());
        at_work.store(false, Ordering::Relaxed);
        assert!(collectors.into_iter().all(|it| it.join().is_ok()));
        assert_eq!(ended, [true; 3]);
    });
    assert!(checkouts.into_inner() > 0);
    let dataset = open();
    for generation in dataset.generations().unwrap() {
        ids(&dataset.snapshot_of(generation).unwrap()).unwrap();
    }
}

#[test]
fn a_tail_of_which_changes_took_all_rows_before_it_ended_is_told_and_counted_once() {
    let (_temporary, dataset) = create();
    let mut writer = dataset.writer(&WriterOptions::new()).unwrap();
    writer.append(&tokens(0..5)).unwrap();
    writer.commit().unwrap();
    let mut follower = dataset.follow(&FollowOptions::new()).unwrap();
    let mut told = Vec::new();
    follow(&mut follower, &mut told);
    let workers = ng_parallel::Workers::new(1).unwrap();
    let (all, set) = ("id < 5".parse().unwrap(), "weight = 0.5".parse().unwrap());
    let options = crate::ChangeOptions::new();
    assert_eq!(
        dataset
            .update(&workers, &all, &set, &options)
            .unwrap()
            .changed,
        5
    );
    writer.close().unwrap();
    follow(&mut follower, &mut told);
    dataset.checkout(1).unwrap();
    follow(&mut follower, &mut told);
    assert_eq!(shown(&dataset), [0, 1, 2, 3, 4]);
    assert_eq!(dataset.snapshot().unwrap().manifest().appended, 5);
    assert_eq!(told, [0, 1, 2, 3, 4]);
}
