//! Damage, full disks, kills and power cuts.

use std::path::Path;

use ng_parallel::Workers;
use ng_store::ReadError;
use ng_store::disk::sim::{
    Atomicity, Failure, Fault, KeepAll, LoseAll, Seeded, SimDir, SimFs, When,
};
use ng_store::disk::{Dir, Disk};
use ng_token::Token;

use super::{BLOCK, lengths, unwatched};
use crate::place::shard_name;
use crate::reshape::testing::{add_shard, assert_no_leftovers, rows_of, simulated, tokens};
use crate::{CompactOptions, Dataset, DatasetError};

/// Two runs of small shards around a large one.
const LENGTHS: [usize; 6] = [300, 40, BLOCK + 5, 7, 100, 9];

/// How long they are when compacted.
const COMPACTED: [usize; 3] = [340, BLOCK + 5, 116];

fn options() -> CompactOptions {
    CompactOptions::new().target(2 * BLOCK as u64)
}

/// One thread, which is the calling one: operations come in one order.
fn alone() -> Workers {
    Workers::new(1).unwrap()
}

fn small_shards() -> (SimFs, Vec<Token>) {
    let fs = SimFs::new();
    let dataset = simulated(fs.dir());
    let mut all = Vec::new();
    for (length, seed) in LENGTHS.into_iter().zip(1..) {
        let rows = tokens(length, seed);
        add_shard(&dataset, &rows);
        all.extend_from_slice(&rows);
    }
    fs.dir().sync().unwrap();
    (fs, all)
}

fn open(fs: &SimFs) -> Dataset<SimDir> {
    Dataset::open_in(fs.dir(), Path::new("d.ngd")).unwrap()
}

/// Checks that a generation is there as a whole, and returns whether it is the compacted one.
fn assert_whole(dataset: &Dataset<SimDir>, all: &[Token], when: &str) -> bool {
    let snapshot = dataset.snapshot().unwrap();
    assert!(
        snapshot.findings().is_empty(),
        "{when}: {:?}",
        snapshot.findings()
    );
    assert!(rows_of(&snapshot) == all, "{when}");
    let lengths = lengths(&snapshot);
    assert!(
        lengths == LENGTHS || lengths == COMPACTED,
        "{when}: {lengths:?}"
    );
    lengths == COMPACTED
}

#[test]
fn a_power_cut_at_any_operation_leaves_one_of_the_generations_whole() {
    let (fs, all) = small_shards();
    fs.record_moments();
    open(&fs).compact(&alone(), &options(), unwatched).unwrap();
    let moments = fs.take_moments();
    assert!(moments.len() > 30, "{}", moments.len());
    let (mut old, mut new) = (0, 0);
    for (number, moment) in moments.iter().enumerate() {
        let seeded = [1, 2, 3].map(|seed| Seeded::new(seed * 1000 + number as u64));
        let mut after = vec![
            moment.crash(&mut LoseAll, Atomicity::default()),
            moment.crash(&mut KeepAll, Atomicity::default()),
        ];
        for mut choices in seeded {
            after.push(moment.crash(&mut choices, Atomicity::default()));
        }
        for after in after {
            match assert_whole(&open(&after), &all, &format!("moment {number}")) {
                false => old += 1,
                true => new += 1,
            }
        }
    }
    assert!(old > 0 && new > 0, "{old} old and {new} new generations");
    let last = fs.crash(&mut LoseAll, Atomicity::default());
    assert!(assert_whole(&open(&last), &all, "at the end"));
}

/// Compacts with a fault at each operation in turn, and passes what became of it.
fn for_each_fault(fault: Fault, check: impl Fn(&SimFs, &[Token], Result<(), DatasetError>, &str)) {
    let (fs, all) = small_shards();
    for operation in 0.. {
        let fork = fs.fork();
        let dataset = open(&fork);
        let now = fork.operations();
        fork.inject(When::Operation(now + operation), fault);
        let compacted = dataset.compact(&alone(), &options(), unwatched);
        if fork.pending_faults() > 0 {
            assert!(operation > 50, "{operation}");
            return;
        }
        let when = format!(
            "operation {operation}, {:?}",
            fork.log()[(now + operation) as usize]
        );
        check(&fork, &all, compacted.map(|_| ()), &when);
    }
}

#[test]
fn a_kill_at_any_operation_leaves_one_of_the_generations_whole() {
    for_each_fault(Fault::Kill(0), |fs, all, compacted, when| {
        fs.forget_locks();
        let dataset = open(fs);
        let is_new = assert_whole(&dataset, all, when);
        assert!(is_new || compacted.is_err(), "{when}");
        dataset.compact(&alone(), &options(), unwatched).unwrap();
        assert!(assert_whole(&dataset, all, when));
    });
}

#[test]
fn an_operation_that_fails_leaves_the_old_generation_and_nothing_else() {
    for failure in [Failure::NoSpace, Failure::Io] {
        for_each_fault(Fault::Fail(failure), |fs, all, compacted, when| {
            let dataset = open(fs);
            let is_new = assert_whole(&dataset, all, when);
            match compacted {
                Ok(()) => assert!(is_new, "{when}"),
                Err(DatasetError::OutcomeUnknown { .. }) => assert!(is_new, "{when}"),
                Err(_) => assert!(!is_new, "{when}"),
            }
            assert_no_leftovers(&dataset);
        });
    }
}

#[test]
fn a_full_disk_leaves_the_old_generation_and_nothing_else() {
    let (fs, all) = small_shards();
    let used = fs.used_sectors();
    let mut refused = 0;
    for room in (0..).step_by(16) {
        let fork = fs.fork();
        let dataset = open(&fork);
        fork.set_capacity(Some(used + room));
        let compacted = dataset.compact(&alone(), &options(), unwatched);
        let is_new = assert_whole(&dataset, &all, &format!("{room} sectors"));
        assert_eq!(is_new, compacted.is_ok(), "{compacted:?}");
        assert_no_leftovers(&dataset);
        match compacted {
            Ok(_) => break,
            Err(DatasetError::NoRoom { .. }) => refused += 1,
            Err(_) => assert!(room > 0),
        }
        assert!(
            fork.used_sectors() <= used + 16,
            "{} of {used}",
            fork.used_sectors()
        );
    }
    assert!(refused > 0);
}

#[test]
fn a_damaged_block_is_named_and_nothing_is_rewritten() {
    let (fs, _) = small_shards();
    let dataset = open(&fs);
    let snapshot = dataset.snapshot().unwrap();
    let file = snapshot.shards()[4].file();
    let shards = fs.dir().folder("shards").unwrap();
    let disk = shards.open(&shard_name(file), true).unwrap();
    let data = disk.len().unwrap() - 100 * 64;
    let mut byte = [0];
    disk.read_at(&mut byte, data).unwrap();
    disk.write_at(&[byte[0] ^ 1], data).unwrap();
    let before = dataset.generations().unwrap();
    let error = dataset
        .compact(&alone(), &options(), unwatched)
        .unwrap_err();
    let is_named = matches!(
        &error,
        DatasetError::Read(ReadError::BadBlock { path, block: 0, .. })
            if path.ends_with(shard_name(file))
    );
    assert!(is_named, "{error:?}");
    assert_eq!(dataset.generations().unwrap(), before);
    assert_no_leftovers(&dataset);
}
