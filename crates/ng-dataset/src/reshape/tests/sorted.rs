//! `sort` against a stable sort of a list of tokens.

use std::fs;
use std::sync::Mutex;

use ng_parallel::{ParallelError, StopFlag};
use ng_query::index::Index;
use ng_query::order::{Order, SortError, SortPhase};
use ng_store::{BlockReader, ReadError};
use ng_token::{Space, Token};
use tempfile::TempDir;

use super::{BLOCK, assert_zones, lengths, workers};
use crate::reshape::testing::{
    add_rows, add_shard, add_tail, assert_no_leftovers, publish, rows_of, tokens,
};
use crate::{CreateOptions, Dataset, DatasetError, SortOptions, Verb};

const ORDERS: [&str; 6] = [
    "physical",
    "time",
    "id",
    "weight",
    "entity_type,time",
    "domain,physical",
];

/// The least memory that two threads accept.
const LEAST_MEMORY: u64 = (32 + 16 + 20) << 20;

/// More than fits in that.
const MANY: usize = 230_000;

struct Made {
    folder: TempDir,
    dataset: Dataset,
    sealed: Vec<Token>,
    tail: Vec<Token>,
}

/// A dataset of shards, rows of a file, and an open tail in the middle.
fn made(lengths: &[usize]) -> Made {
    let folder = tempfile::tempdir().unwrap();
    let dataset = Dataset::create(folder.path(), &CreateOptions::new()).unwrap();
    let mut sealed = Vec::new();
    let tail = tokens(33, 1000);
    for (number, length) in lengths.iter().enumerate() {
        let rows = tokens(*length, number as u64 + 1);
        match number % 3 {
            1 => {
                let front = 5000;
                let file = [&tokens(front, 77)[..], &rows].concat();
                add_rows(&dataset, &file, front as u64..file.len() as u64);
            }
            _ => drop(add_shard(&dataset, &rows)),
        }
        sealed.extend_from_slice(&rows);
        if number == 0 {
            drop(add_tail(&dataset, &tail));
        }
    }
    Made {
        folder,
        dataset,
        sealed,
        tail,
    }
}

fn sorted(tokens: &[Token], by: &Order) -> Vec<Token> {
    let mut sorted = tokens.to_vec();
    sorted.sort_by_cached_key(|token| by.key(token));
    sorted
}

impl Made {
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    fn index_folders(&self) -> usize {
        let entries = fs::read_dir(self.folder.path().join("shards")).unwrap();
        entries
            .filter(|entry| {
                let name = entry.as_ref().unwrap().file_name();
                name.to_str().unwrap().ends_with(".index")
            })
            .count()
    }

    /// Sorts, and checks all that the result must be.
    fn check(&self, by: &str, options: SortOptions, shard_tokens: usize) {
        let by_order: Order = by.parse().unwrap();
        let before = self.dataset.snapshot().unwrap();
        let rows_before = rows_of(&before);
        let report = self.dataset.sort(&workers(), &options, |_| ()).unwrap();
        let after = self.dataset.snapshot().unwrap();
        let expected = [&sorted(&self.sealed, &by_order)[..], &self.tail].concat();
        assert!(rows_of(&after) == expected, "by {by}");
        assert!(rows_of(&before) == rows_before, "by {by}");
        let mut found = lengths(&after);
        assert_eq!(found.pop(), Some(self.tail.len()));
        let wanted: Vec<usize> = self.sealed.chunks(shard_tokens).map(<[_]>::len).collect();
        assert_eq!(found, wanted, "by {by}");
        assert_zones(&after);
        let newest = before.shards().iter().filter_map(|shard| shard.sealed());
        let newest = newest.map(|sealed| sealed.committed_ns).max();
        for shard in after.shards().iter().filter(|shard| !shard.is_open()) {
            let sealed = shard.sealed().unwrap();
            assert_eq!(sealed.order, Some(by_order.to_string()));
            assert_eq!(Some(sealed.committed_ns), newest);
            let reader = BlockReader::open(self.dataset.place().shard_path(shard.file())).unwrap();
            let index = Index::load(&reader).expect("a shard has an index");
            let space: Vec<Space> = by_order.space().into_iter().collect();
            assert_eq!(index.boxes(), space);
        }
        assert_eq!(report.rows, self.sealed.len() as u64);
        assert_eq!(report.generation, Some(after.manifest().generation));
        assert_eq!(after.manifest().verb, Verb::Sort);
        assert_no_leftovers(&self.dataset);
    }
}

#[test]
fn shards_are_in_the_order_of_a_stable_sort_of_all_rows() {
    for by in ORDERS {
        let made = made(&[5000, 1, 2 * BLOCK, 0, 700, 9000]);
        let options = SortOptions::by(by.parse().unwrap()).shard_tokens(2 * BLOCK as u64 - 5);
        made.check(by, options, 2 * BLOCK);
    }
}

#[test]
fn rows_beyond_memory_are_sorted_by_way_of_temporary_files() {
    for by in ["physical", "weight"] {
        let made = made(&[MANY / 2, 40_000, 11, MANY / 3]);
        let options = SortOptions::by(by.parse().unwrap())
            .memory_bytes(LEAST_MEMORY)
            .shard_tokens(64_000);
        let names = made.names();
        made.check(by, options, 65_536);
        let new: Vec<String> = made
            .names()
            .into_iter()
            .filter(|name| !names.contains(name))
            .collect();
        assert_eq!(new, ["changes.lock", "manifest-000000000006.json"]);
    }
}

/// Most tokens have the same key, which no memory holds.
#[test]
fn equal_keys_stream_through() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = Dataset::create(folder.path(), &CreateOptions::new()).unwrap();
    let mut all = Vec::new();
    for seed in 0..2 {
        let mut rows = tokens(MANY / 2, seed + 1);
        for token in rows.iter_mut().step_by(3).chain([]) {
            *token = token.with_timestamp(7);
        }
        for token in rows.iter_mut().skip(1).step_by(3) {
            *token = token.with_timestamp(7);
        }
        add_shard(&dataset, &rows);
        all.extend_from_slice(&rows);
    }
    let by: Order = "time".parse().unwrap();
    let options = SortOptions::by(by.clone())
        .memory_bytes(LEAST_MEMORY)
        .shard_tokens(100_000);
    dataset.sort(&workers(), &options, |_| ()).unwrap();
    assert!(rows_of(&dataset.snapshot().unwrap()) == sorted(&all, &by));
}

#[test]
fn what_fails_leaves_the_old_generation_and_nothing_else() {
    let made = made(&[MANY / 2, 40_000, 11, MANY / 3]);
    let before = made.names();
    let rows = rows_of(&made.dataset.snapshot().unwrap());
    let by = || SortOptions::by("physical".parse().unwrap()).shard_tokens(30_000);
    let indexes = made.index_folders();
    let assert_untouched = || {
        let names = made.names().into_iter();
        let names: Vec<String> = names.filter(|name| name != "changes.lock").collect();
        assert_eq!(names, before);
        assert_eq!(made.index_folders(), indexes);
        assert!(rows_of(&made.dataset.snapshot().unwrap()) == rows);
        assert_no_leftovers(&made.dataset);
    };
    let too_little = made
        .dataset
        .sort(&workers(), &by().memory_bytes(1), |_| ())
        .unwrap_err();
    assert!(
        matches!(too_little, DatasetError::Sort(SortError::Memory { .. })),
        "{too_little}"
    );
    assert_untouched();
    for (memory, phases) in [
        (
            LEAST_MEMORY,
            &[SortPhase::Partitioning, SortPhase::Writing][..],
        ),
        (
            1 << 30,
            &[SortPhase::Loading, SortPhase::Sorting, SortPhase::Writing],
        ),
    ] {
        for phase in phases {
            let stop = StopFlag::new();
            let stoppable = workers().with_stop_flag(stop.clone());
            let stopped = made
                .dataset
                .sort(&stoppable, &by().memory_bytes(memory), |progress| {
                    if progress.phase == *phase && progress.done > progress.total / 2 {
                        stop.stop();
                    }
                });
            let error = stopped.unwrap_err();
            assert!(
                matches!(error, DatasetError::Parallel(ParallelError::Stopped { .. })),
                "{phase:?}: {error}"
            );
            assert_untouched();
        }
    }
}

#[test]
fn rows_that_are_dropped_meanwhile_are_a_conflict() {
    let made = made(&[500, 600]);
    let other = Mutex::new(Some(made.dataset.clone()));
    let dropped = made
        .dataset
        .sort(&workers(), &SortOptions::by("id".parse().unwrap()), |_| {
            if let Some(other) = other.lock().unwrap().take() {
                publish(&other, Verb::Retain, |next| drop(next.entries.remove(0)));
            }
        });
    let error = dropped.unwrap_err();
    assert!(matches!(error, DatasetError::Conflict { .. }), "{error}");
    assert_no_leftovers(&made.dataset);
}

#[test]
fn a_damaged_block_and_a_lost_shard_are_named() {
    use std::os::unix::fs::FileExt;

    let made = made(&[500, 600, 9000]);
    let file = made.dataset.snapshot().unwrap().shards()[3].file();
    let path = made.dataset.place().shard_path(file);
    let disk = fs::OpenOptions::new().write(true).open(&path).unwrap();
    let data = disk.metadata().unwrap().len() - 9000 * 64;
    disk.write_all_at(&[0xa5; 3], data + 4096 * 64 + 9).unwrap();
    let sort = || {
        let options = SortOptions::by("id".parse().unwrap());
        made.dataset.sort(&workers(), &options, |_| ()).unwrap_err()
    };
    let error = sort();
    let is_named = matches!(
        &error,
        DatasetError::Read(ReadError::BadBlock { path: found, block: 1, .. }) if *found == path
    );
    assert!(is_named, "{error:?}");
    assert_no_leftovers(&made.dataset);
    fs::remove_file(&path).unwrap();
    let error = sort();
    let is_named = matches!(&error, DatasetError::Io { path: found, .. } if *found == path);
    assert!(is_named, "{error:?}");
}

#[test]
fn a_dataset_without_sealed_rows_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = Dataset::create(folder.path(), &CreateOptions::new()).unwrap();
    drop(add_tail(&dataset, &tokens(9, 1)));
    let options = SortOptions::by("id".parse().unwrap());
    let report = dataset.sort(&workers(), &options, |_| ()).unwrap();
    assert_eq!(report.generation, None);
    assert_eq!(dataset.generations().unwrap(), [0, 1]);
}
