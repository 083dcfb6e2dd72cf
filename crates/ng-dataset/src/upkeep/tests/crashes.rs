//! Power cuts, kills and errors at every operation of what publishes.

use ng_parallel::Workers;
use ng_store::disk::sim::{
    Atomicity, CallKind, Failure, Fault, KeepAll, LoseAll, Seeded, SimDir, SimFs, When,
};
use ng_store::disk::{Dir, Disk};

use super::*;
use crate::place::{SHARDS, shard_name};
use crate::{DatasetError, RepairOptions};

/// What a crash may leave shown.
type Shown = Vec<Vec<u32>>;

fn rows(dataset: &Dataset<SimDir>) -> Result<Vec<u32>, DatasetError> {
    ids(&dataset.snapshot()?)
}

/// Makes the folders and what is in them durable.
fn sync(fs: &SimFs) {
    fs.dir().sync().unwrap();
    fs.dir().folder(SHARDS).unwrap().sync().unwrap();
}

/// Does something, with the power cut at each of its moments, and with a kill and an error at each
/// of its operations. Each time one of the states is left, and doing it again leads to the last.
fn check(
    before: &SimFs,
    act: impl Fn(&Dataset<SimDir>) -> Result<(), DatasetError>,
    states: &Shown,
) {
    let last = states.last().unwrap();
    let is_damaged = rows(&open_simulated(&before.fork()).unwrap()).is_err();
    let after = |left: &SimFs, what: &str| {
        let dataset = open_simulated(left).unwrap_or_else(|error| panic!("{what}: {error}"));
        let found = rows(&dataset).ok();
        let is_one = found.map_or(is_damaged, |found| states.contains(&found));
        assert!(is_one, "{what}");
        act(&dataset).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(rows(&dataset).unwrap() == *last, "{what}");
    };
    let fs = before.fork();
    fs.record_moments();
    act(&open_simulated(&fs).unwrap()).unwrap();
    let calls = fs.log();
    assert!(rows(&open_simulated(&fs).unwrap()).unwrap() == *last);
    let moments = fs.take_moments();
    assert!(moments.len() > 5, "{} moments", moments.len());
    for moment in &moments {
        let what = format!("after {:?}", moment.call());
        after(&moment.crash(&mut KeepAll, Atomicity::Sector), &what);
        after(&moment.crash(&mut LoseAll, Atomicity::Sector), &what);
        for seed in 0..6 {
            let what = format!("seed {seed}, {what}");
            after(
                &moment.crash(&mut Seeded::new(seed), Atomicity::Sector),
                &what,
            );
        }
    }
    for (operation, call) in (0..).zip(calls) {
        for fault in [Fault::Kill(0), Fault::Fail(Failure::Io)] {
            // A repair takes what it cannot read for lost, and says so.
            if fault != Fault::Kill(0) && call.kind() == CallKind::Read {
                continue;
            }
            let fs = before.fork();
            fs.inject(When::Operation(operation), fault);
            let ended = open_simulated(&fs).and_then(|dataset| act(&dataset));
            assert_eq!(fs.pending_faults(), 0);
            drop(ended);
            after(
                &fs,
                &format!("{fault:?} at operation {operation}, {call:?}"),
            );
        }
    }
}

#[test]
fn a_checkout_happens_or_does_not() {
    let fs = SimFs::new();
    let dataset = create_simulated(&fs);
    let old = add_shard(&dataset, 0..10).unwrap();
    drop(add_tail(&dataset, 100..103));
    replace_shard(&dataset, old, 20..25).unwrap();
    dataset.close_tails().unwrap();
    drop(dataset);
    sync(&fs);
    let (before, after) = ((20..25).chain(100..103), (0..10).chain(100..103));
    check(
        &fs,
        |dataset| dataset.checkout(2).map(drop),
        &vec![before.collect(), after.collect()],
    );
}

#[test]
fn a_repair_happens_or_does_not() {
    let fs = SimFs::new();
    let dataset = create_simulated(&fs);
    let damaged = add_shard(&dataset, 1..5001).unwrap();
    add_shard(&dataset, 6000..6010).unwrap();
    add_shard(&dataset, 7000..7010).unwrap();
    let place = dataset.place();
    let shards = place.shards().unwrap();
    let open = || shards.open(&shard_name(damaged), true).unwrap();
    let reader = ng_store::BlockReader::of_disk(open(), "spoilt").unwrap();
    let offset = reader.info().data_offset + 64;
    open().write_at(b"?", offset).unwrap();
    open().sync().unwrap();
    let manifest = place.root().open(&manifest_name(3), true).unwrap();
    manifest.write_at(b"?", 20).unwrap();
    manifest.sync().unwrap();
    drop(dataset);
    sync(&fs);
    let repaired: Vec<u32> = std::iter::repeat_n(0, 4096)
        .chain(4097..5001)
        .chain(6000..6010)
        .collect();
    let repair = |dataset: &Dataset<SimDir>| {
        let workers = Workers::new(1).unwrap();
        let repaired = dataset.repair(&workers, &RepairOptions::new(), |_| ());
        repaired.and_then(|mut report| match report.left.pop() {
            None => Ok(()),
            Some(left) => Err(left.error),
        })
    };
    check(&fs, repair, &vec![repaired]);
}
