//! Any sequence of operations on a store, with faults, kills and power cuts on the simulated disk,
//! compared with a vector of what was acknowledged.
//!
//! Four bytes an action: its kind, and three numbers for it.

#![no_main]

#[path = "../../../crates/ng-store/tests/crash/check.rs"]
#[allow(dead_code, reason = "shared with the crash tests")]
mod check;
mod machine;
#[path = "../../../crates/ng-store/tests/crash/session.rs"]
#[allow(dead_code, reason = "shared with the crash tests")]
mod session;
#[path = "../../../crates/ng-store/tests/crash/workload.rs"]
#[allow(dead_code, reason = "shared with the crash tests")]
mod workload;

#[path = "../seeds.rs"]
mod seeds;

use libfuzzer_sys::fuzz_target;

use machine::{Action, Machine};

const ACTION_BYTES: usize = 4;

/// As many appends as this fit the file.
const ACTIONS_MAX: usize = 48;

fuzz_target!(
    init: seeds::write(&seeds()),
    |data: &[u8]| {
        let mut machine = Machine::new();
        for action in data.chunks_exact(ACTION_BYTES).take(ACTIONS_MAX) {
            machine.act(Action::of([action[0], action[1], action[2], action[3]]));
        }
        machine.end();
    }
);

/// A full disk that cannot allocate, and a kill while the room of a failed append is given back.
const KILLED_UNHEARD: [[u8; 4]; 7] = [
    [13, 33, 1, 58],
    [14, 224, 224, 255],
    [0, 255, 119, 224],
    [4, 95, 1, 5],
    [0, 10, 190, 7],
    [8, 7, 1, 42],
    [0, 255, 255, 49],
];

/// The commits of the golden file, and the same with one accident each.
fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    // 4000 and 196 tokens, a commit after each.
    let golden = [[0, 160, 15, 1], [5, 7, 0, 0], [1, 196, 0, 0], [5, 8, 0, 0]];
    let with = |at: usize, accident: [u8; 4]| {
        let mut actions = golden.to_vec();
        actions.insert(at, accident);
        actions.concat()
    };
    vec![
        ("golden", golden.concat()),
        ("golden-hashed", [[2, 160, 15, 1], [5, 7, 0, 0]].concat()),
        ("golden-reopened", with(2, [6, 0, 0, 0])),
        ("golden-cut", with(3, [7, 1, 0, 0])),
        ("golden-killed", with(3, [8, 2, 100, 0])),
        ("golden-failed-sync", with(3, [9, 3, 0, 0])),
        ("golden-forgotten", with(1, [10, 4, 0, 0])),
        ("golden-short", with(1, [12, 1, 200, 2])),
        ("golden-full", with(1, [13, 64, 0, 0])),
        ("golden-unallocated", with(0, [14, 0, 0, 0])),
        ("golden-full-at-creation", with(0, [13, 1, 0, 0])),
        ("killed-unheard", KILLED_UNHEARD.concat()),
    ]
}
