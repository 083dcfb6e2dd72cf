//! What the actors do, each in its own process.

use std::path::Path;
use std::time::{Duration, Instant};

use ng_dataset::{
    ChangeOptions, CollectOptions, CompactOptions, Dataset, DatasetError, RepairOptions,
    ReshardOptions, Roll, SortOptions, Writer, WriterOptions,
};
use ng_parallel::Workers;
use ng_query::Query;

use crate::actor::{listen, number, say};
use crate::files::{CUT, LAST, LENGTH};
use crate::random::Random;
use crate::tokens::{changed_rows, token};

/// The most tokens of an append.
const APPENDED_MAX: u64 = 3000;

/// Tokens of a shard: five blocks.
const SHARD: u64 = 5 * 4096;

pub(crate) fn play(role: &str, arguments: &[String]) {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match (role, &words[..]) {
        ("append", [path, writer, from, most, seed]) => append(
            path.as_ref(),
            number(writer),
            number(from)..number(most),
            number(seed),
        ),
        ("roll", [path, writer, rolls]) => roll(path.as_ref(), number(writer), number(rolls)),
        ("update", [path, from, ms]) => update(path.as_ref(), number(from), until(ms)),
        ("change", [path, verb]) => change(path.as_ref(), verb),
        ("move", [path, folder]) => change_folder(path.as_ref(), folder.as_ref()),
        ("compact", [path, ms]) => compact(path.as_ref(), until(ms)),
        ("hold", [path]) => hold(path.as_ref()),
        ("collect", [path, ms]) => collect(path.as_ref(), until(ms)),
        _ => panic!("no role {role} of {words:?}"),
    }
}

fn until(ms: &str) -> Instant {
    Instant::now() + Duration::from_millis(number(ms))
}

fn open(path: &Path) -> Dataset {
    Dataset::open(path).unwrap()
}

fn writer(path: &Path) -> Writer {
    let roll = Roll {
        tokens: Some(SHARD),
        bytes: None,
        after: None,
    };
    open(path).writer(&WriterOptions::new().roll(roll)).unwrap()
}

/// Appends the tokens of a range, and says how many of them are acknowledged: `ack COUNT`.
fn append(path: &Path, own: u64, numbers: std::ops::Range<u64>, seed: u64) {
    let mut random = Random::new(seed);
    let mut writer = writer(path);
    say("open");
    let mut next = numbers.start;
    while next < numbers.end {
        let count = (1 + random.below(APPENDED_MAX)).min(numbers.end - next);
        let tokens: Vec<_> = (next..next + count).map(|at| token(own, at)).collect();
        writer.append(&tokens).unwrap();
        next += count;
        match random.below(8) {
            0 => writer.roll().unwrap(),
            1..4 => {}
            _ => {
                writer.commit().unwrap();
                say(&format!("ack {next}"));
            }
        }
    }
    writer.close().unwrap();
    say(&format!("ack {next}"));
}

/// Publishes as often as it can: a shard for each token.
fn roll(path: &Path, own: u64, rolls: u64) {
    let mut writer = writer(path);
    for at in 0..rolls {
        writer.append(&[token(own, at)]).unwrap();
        writer.roll().unwrap();
        writer.wait().unwrap();
    }
    writer.close().unwrap();
}

/// Changes the same rows again and again: `begin NUMBER`, then `done NUMBER`.
fn update(path: &Path, from: u64, until: Instant) {
    let (dataset, workers) = (open(path), Workers::new(1).unwrap());
    let filter = changed_rows().parse().unwrap();
    let mut at = from;
    while Instant::now() < until {
        say(&format!("begin {at}"));
        let set = format!("weight = {at}").parse().unwrap();
        match dataset.update(&workers, &filter, &set, &ChangeOptions::new()) {
            Ok(_) => say(&format!("done {at}")),
            Err(error) => assert!(is_expected(&error), "{error}"),
        }
        at += 1;
    }
}

/// Makes all shards anew, by one verb.
fn change(path: &Path, verb: &str) {
    let (dataset, workers) = (open(path), Workers::new(1).unwrap());
    let options = ChangeOptions::new();
    match verb {
        "update" => {
            let (filter, set) = ("id >= 0".parse().unwrap(), "weight = 2".parse().unwrap());
            let changed = dataset.update(&workers, &filter, &set, &options);
            changed.unwrap();
        }
        "delete" => {
            let filter = LAST.parse().unwrap();
            dataset.delete(&workers, &filter, &options).unwrap();
        }
        "upsert" => {
            let rows = dataset.snapshot().unwrap().len();
            let firsts = (0..rows / LENGTH).map(|shard| shard * LENGTH);
            let tokens = firsts.map(|at| token(0, at));
            dataset.upsert(&workers, tokens, &options).unwrap();
        }
        "reshard" => {
            let options = ReshardOptions::tokens(CUT);
            dataset.reshard(&workers, &options, |_, _| ()).unwrap();
        }
        "sort" => {
            let options = SortOptions::by("id".parse().unwrap()).shard_tokens(CUT);
            dataset.sort(&workers, &options, |_| ()).unwrap();
        }
        "repair" => {
            let options = RepairOptions::new().recover_orphans(true);
            dataset.repair(&workers, &options, |_| ()).unwrap();
        }
        _ => panic!("no verb {verb}"),
    }
}

/// Opens a dataset, goes into another folder, and does everything there.
fn change_folder(path: &Path, folder: &Path) {
    let (dataset, workers) = (open(path), Workers::new(1).unwrap());
    let mut early = dataset.snapshot().unwrap();
    std::env::set_current_dir(folder).unwrap();
    let mut writer = dataset.writer(&WriterOptions::new()).unwrap();
    for shard in 0..3 {
        let tokens: Vec<_> = (0..5000).map(|at| token(0, 5000 * shard + at)).collect();
        writer.append(&tokens).unwrap();
        writer.roll().unwrap();
    }
    writer.close().unwrap();
    let orphan = dataset.writer(&WriterOptions::new()).unwrap();
    drop(orphan);
    dataset.close_tails().unwrap();
    let filter = "id < 6000".parse().unwrap();
    let set = "weight = 2".parse().unwrap();
    let options = ChangeOptions::new();
    let changed = dataset.update(&workers, &filter, &set, &options);
    assert_eq!(changed.unwrap().changed, 6000);
    let sort = SortOptions::by("physical".parse().unwrap()).shard_tokens(CUT);
    dataset.sort(&workers, &sort, |_| ()).unwrap();
    let compact = CompactOptions::new().target(4 * SHARD);
    dataset.compact(&workers, &compact, |_, _| ()).unwrap();
    early.refresh().unwrap();
    let found = Query::new(early.source(), &workers).filter(&filter).count();
    assert_eq!(found.unwrap().value, 6000);
    let repaired = dataset.repair(&workers, &RepairOptions::new(), |_| ());
    assert_eq!(repaired.unwrap().generation, None);
    drop(early);
    let collected = dataset.collect(&CollectOptions::new().older(Duration::ZERO));
    assert!(collected.unwrap().removed_shards > 3);
}

fn compact(path: &Path, until: Instant) {
    let (dataset, workers) = (open(path), Workers::new(1).unwrap());
    while Instant::now() < until {
        let options = CompactOptions::new().target(4 * SHARD);
        match dataset.compact(&workers, &options, |_, _| ()) {
            Ok(report) if report.generation.is_some() => say("compacted"),
            Ok(_) => std::thread::sleep(Duration::from_millis(5)),
            Err(error) => assert!(is_expected(&error), "{error}"),
        }
    }
}

/// Holds a snapshot: `held COUNT`, and reads all of it when it is told to: `read COUNT`.
fn hold(path: &Path) {
    let snapshot = open(path).snapshot().unwrap();
    say(&format!("held {}", snapshot.len()));
    while listen() == "read" {
        let mut count = 0;
        let all = snapshot.for_each::<DatasetError>(0..snapshot.len(), |_, tokens| {
            count += tokens.len();
            Ok(())
        });
        all.unwrap();
        say(&format!("read {count}"));
    }
}

fn collect(path: &Path, until: Instant) {
    let dataset = open(path);
    while Instant::now() < until {
        let report = dataset.collect(&CollectOptions::new().older(Duration::ZERO));
        match report {
            Ok(report) => say(&format!("collected {}", report.removed_shards)),
            Err(error) => assert!(is_expected(&error), "{error}"),
        }
    }
}

/// What a change may meet while others work.
fn is_expected(error: &DatasetError) -> bool {
    matches!(
        error,
        DatasetError::Conflict { .. } | DatasetError::Locked { .. }
    )
}
