//! Full disks, failing operations, power cuts and kills.

use ng_store::disk::sim::{Atomicity, Failure, Fault, KeepAll, LoseAll, Seeded, When};

use super::*;
use crate::testing::open_simulated;
use crate::{ChangeOptions, ChangeReport};

type Change = fn(&Dataset<SimDir>) -> Result<ChangeReport, DatasetError>;

/// Each rewrites two shards and the tail, or adds one.
fn changes() -> [Change; 3] {
    [
        |dataset| {
            let filter = filter("id in (3, 2000, 7001)");
            let set = set("weight = 5");
            dataset.update(&workers(), &filter, &set, &ChangeOptions::new())
        },
        |dataset| {
            let filter = filter("id < 1200 or id >= 6000");
            dataset.delete(&workers(), &filter, &ChangeOptions::new())
        },
        |dataset| {
            let given = [2000, 9000, 9001, 7000].map(Token::new);
            dataset.upsert(&workers(), given, &ChangeOptions::new())
        },
    ]
}

/// The tokens before and after a change.
fn before_and_after(change: Change) -> [Vec<Token>; 2] {
    let four = Four::new();
    let before = tokens_of(&four.dataset);
    change(&four.dataset).unwrap();
    [before, tokens_of(&four.dataset)]
}

#[test]
fn on_a_full_disk_the_old_generation_stands_and_nothing_is_left() {
    for change in changes() {
        let [before, after] = before_and_after(change);
        let Four { fs, dataset, .. } = &Four::new();
        // The lock file is there from the first change on.
        change(&Four::new().dataset).unwrap();
        drop(dataset.place().lock_changes().unwrap());
        let (names, used) = (files(dataset), fs.used_sectors());
        let mut room = 0;
        let mut failures = 0;
        loop {
            fs.set_capacity(Some(used + room));
            match change(dataset) {
                Ok(_) => break,
                Err(_) => failures += 1,
            }
            assert_eq!(tokens_of(dataset), before);
            assert_eq!(files(dataset), names, "{room} sectors");
            assert_eq!(fs.used_sectors(), used, "{room} sectors");
            room += 1 + room / 4;
        }
        assert!(failures > 10, "{failures}");
        assert_eq!(tokens_of(dataset), after);
    }
}

#[test]
fn a_power_cut_at_any_moment_leaves_the_old_generation_or_the_new_one() {
    for change in changes() {
        let [before, after] = before_and_after(change);
        let Four {
            fs,
            dataset,
            writer,
            ..
        } = Four::new();
        fs.record_moments();
        change(&dataset).unwrap();
        let moments = fs.take_moments();
        drop(writer);
        let mut outcomes = [0, 0];
        for (number, moment) in moments.iter().enumerate() {
            let mut check = |fs: SimFs| {
                let found = tokens_of(&open_simulated(&fs).unwrap());
                let is_new = found == after;
                assert!(is_new || found == before, "after {:?}", moment.call());
                outcomes[usize::from(is_new)] += 1;
            };
            check(moment.crash(&mut LoseAll, Atomicity::Scramble));
            check(moment.crash(&mut KeepAll, Atomicity::Scramble));
            let seed = number as u64;
            check(moment.crash(&mut Seeded::new(seed), Atomicity::Scramble));
        }
        assert!(outcomes.iter().all(|count| *count > 0), "{outcomes:?}");
        let last = fs.crash(&mut LoseAll, Atomicity::Scramble);
        assert_eq!(tokens_of(&open_simulated(&last).unwrap()), after);
    }
}

#[test]
fn whatever_operation_fails_the_outcome_is_what_is_said() {
    for change in changes() {
        let [before, after] = before_and_after(change);
        let four = Four::new();
        let first = four.fs.operations();
        change(&four.dataset).unwrap();
        let operations = four.fs.operations() - first;
        let faults = [
            Fault::Fail(Failure::Io),
            Fault::Fail(Failure::NoSpace),
            Fault::FailForgetting(Failure::Io),
            Fault::Kill(0),
        ];
        for at in 0..operations {
            let fault = faults[at as usize % faults.len()];
            let Four { fs, dataset, .. } = Four::new();
            fs.inject(When::Operation(fs.operations() + at), fault);
            let done = change(&dataset);
            // A reader of another process.
            let found = tokens_of(&open_simulated(&fs).unwrap());
            match done {
                Ok(report) if report.generation.is_some() => assert_eq!(found, after),
                Err(DatasetError::OutcomeUnknown { .. }) => {
                    assert!(found == before || found == after);
                }
                Err(_) if matches!(fault, Fault::Kill(_)) => {
                    assert!(found == before || found == after);
                }
                Err(_) => assert_eq!(found, before, "operation {at}, {fault:?}"),
                Ok(report) => panic!("{report:?}"),
            }
        }
    }
}
