//! A panic becomes an error at the caller, whatever its payload.

use std::convert::Infallible;
use std::fmt::Debug;
use std::panic::panic_any;

use ng_parallel::{
    IngestError, ParallelError, Shards, VerifyError, Workers, fill, for_each_shard,
    for_each_shard_mut, ingest, ingest_batches, ingest_shards, map_reduce, map_shards,
    verify_watched,
};
use ng_store::{BLOCK_TOKENS, BlockReader, CreateOptions, VecStore, VecStoreError};
use ng_token::Token;

use crate::operations::{Material, OPERATIONS};
use crate::{PANIC_TOKENS, STARTS, comes_to_an_end, token, tokens};

/// Panics when it is dropped; within a panic that would end the process.
struct Spiteful;

impl Drop for Spiteful {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "on purpose, in a drop");
    }
}

fn spite<T>() -> T {
    panic_any(Spiteful)
}

/// An operation whose closure panics, and what came of it: the shard and message.
type Failing = fn(&Workers) -> (usize, String);

fn of(error: ParallelError) -> (usize, String) {
    match error {
        ParallelError::Panicked { shard, message } => (shard, message),
        other => panic!("{other}"),
    }
}

const FAILING: [(&str, Failing); 10] = [
    ("fill", |workers| {
        let mut store = VecStore::new();
        of(fill(workers, &mut store, PANIC_TOKENS, |_| spite()).unwrap_err())
    }),
    ("for_each_shard", |workers| {
        of(for_each_shard(workers, &tokens(PANIC_TOKENS), |_, _| spite()).unwrap_err())
    }),
    ("for_each_shard_mut", |workers| {
        let mut tokens = tokens(PANIC_TOKENS);
        of(for_each_shard_mut(workers, &mut tokens, |_, _| spite()).unwrap_err())
    }),
    ("map_reduce", |workers| {
        let reduced = map_reduce(workers, &tokens(PANIC_TOKENS), |_, _| (), |_, _| spite());
        let (shard, message) = of(reduced.unwrap_err());
        (shard - 1, message)
    }),
    ("map_shards", |workers| {
        of(map_shards::<()>(workers, Shards::new(PANIC_TOKENS), |_| spite()).unwrap_err())
    }),
    ("ingest", |workers| ingest_failing(workers, |_| spite())),
    ("ingest_batches", |workers| {
        let mut store = VecStore::new();
        of_ingest(ingest_batches(workers, &mut store, PANIC_TOKENS, |_, _| {
            spite::<Result<(), Infallible>>()
        }))
    }),
    ("ingest_shards", |workers| {
        let (mut store, shards) = (VecStore::new(), Shards::new(PANIC_TOKENS));
        of_ingest(ingest_shards(workers, &mut store, shards, |_, _| spite()))
    }),
    // The other workers are intact, and wait for more work.
    ("ingest, one shard", |workers| {
        ingest_failing(workers, |index| match index {
            0 => spite(),
            _ => token(index),
        })
    }),
    ("verify_watched", |workers| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ngt");
        let store = VecStore::from_vec(tokens(PANIC_TOKENS));
        store.save(&path, &CreateOptions::new()).unwrap();
        let file = BlockReader::open(&path).unwrap();
        match verify_watched(workers, &file, |_| spite()) {
            Err(VerifyError::Parallel(error)) => of(error),
            other => panic!("{other:?}"),
        }
    }),
];

fn ingest_failing(workers: &Workers, f: impl Fn(usize) -> Token + Sync) -> (usize, String) {
    let mut store = VecStore::new();
    of_ingest(ingest(workers, &mut store, 40 * BLOCK_TOKENS, f))
}

fn of_ingest<M: Debug>(outcome: Result<(), IngestError<VecStoreError, M>>) -> (usize, String) {
    match outcome {
        Err(IngestError::Panicked { shard, message }) => (shard.number, message),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_payload_that_panics_when_it_is_dropped_is_an_error_like_any_other() {
    for (how, start) in STARTS {
        for threads in [1, 2, 3, 7] {
            for (name, failing) in FAILING {
                let what = format!("{name}, {threads} threads, {how}");
                comes_to_an_end(&what, move || check_failing(&start(threads), failing));
            }
        }
    }
}

/// And leaves the workers usable.
fn check_failing(workers: &Workers, failing: Failing) {
    assert_eq!(failing(workers), (0, "no message".to_owned()));
    let material = Material::new();
    for (_, operation) in OPERATIONS {
        operation(workers, &material);
    }
}
