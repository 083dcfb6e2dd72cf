//! Builders killed at any moment.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use ng_parallel::Workers;
use ng_query::index::{Index, build};
use ng_store::BlockReader;

use crate::amount::{count, scale};
use crate::fixture::{Oracle, Place, append, everything, names, tell_answers, tokens};

const FILE: &str = "NG_INDEX_TO_BUILD";

/// What the killed process runs; not a test by itself.
#[test]
fn builder() {
    let Some(path) = env::var_os(FILE).map(PathBuf::from) else {
        return;
    };
    let reader = BlockReader::open(path).unwrap();
    build(
        &Workers::new(2).unwrap(),
        &reader,
        &everything().rebuild(true),
        |_, _| (),
    )
    .unwrap();
}

fn start(place: &Place) -> std::process::Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "kills::builder", "--test-threads=1"]);
    let command = command.env(FILE, place.file()).stdout(Stdio::null());
    command.spawn().unwrap()
}

#[test]
fn a_killed_builder_leaves_the_index_of_before() {
    let all = tokens(0, 9 * 4096);
    let place = Place::of(4 * 4096 + 1);
    place.build(&everything());
    append(&place.file(), &all[4 * 4096 + 1..]);
    let oracle = Oracle::of_everything(&all);
    let mut builder = start(&place);
    let began = Instant::now();
    assert!(builder.wait().unwrap().success());
    let whole = began.elapsed();
    assert_eq!(oracle.check(&place.load().unwrap()), oracle.whole());
    let (mut killed, mut left, mut most) = (0, 0, 0);
    let kills = 40 * scale();
    for kill in 0..kills {
        let mut builder = start(&place);
        // Moments from its start to about its end.
        thread::sleep(Duration::from_nanos(
            (whole.as_nanos() as u64 / kills) * kill,
        ));
        builder.kill().unwrap();
        killed += u64::from(!builder.wait().unwrap().success());
        let index = Index::load(&BlockReader::open(place.file()).unwrap()).unwrap();
        assert_eq!(oracle.check(&index), oracle.whole());
        assert!(index.warnings().is_empty(), "{:?}", index.warnings());
        let there = names(&place.index()).len();
        left += u64::from(there > NAMES);
        // This builder removed the files of the previous kill when it began, if it got that far.
        most = most.max(there);
    }
    assert!(most <= 2 * NAMES + 1, "{most} files");
    assert_eq!(place.build(&everything()).read_blocks, 0);
    assert_eq!(
        names(&place.index()).len(),
        NAMES,
        "{:?}",
        names(&place.index())
    );
    count("index: builders killed", killed);
    count("index: builders killed that left files", left);
    tell_answers();
}

/// Manifest, lock, zones, hashes, ids, columns and boxes.
const NAMES: usize = 7;
