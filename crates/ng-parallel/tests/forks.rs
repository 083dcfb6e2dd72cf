//! In a fork of the process that started them, workers return an error instead of waiting
//! for missing threads.
//!
//! A separate program with one test: a fork has only the forking thread, and locks that
//! others hold at that moment stay held.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    reason = "clippy sees no test in the helpers of tests"
)]
#![expect(unsafe_code, reason = "fork, and what its child ends with")]

use std::convert::Infallible;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process;

use ng_parallel::{
    Forked, IngestError, ParallelError, ParallelLoadError, ParallelSaveError, Shards, StopFlag,
    VerifyError, Workers, fill, for_each_shard, for_each_shard_mut, gather, ingest, ingest_batches,
    ingest_shards, load, map_reduce, map_shards, save, verify,
};
use ng_store::{BlockReader, CreateOptions, FileDraft, TokenStore, VecStore};
use ng_token::Token;
use rayon::ThreadPoolBuilder;

/// Some shards.
const COUNT: usize = 100_000;

/// How long a child may take before it is killed.
const CHILD_SECONDS: u32 = 60;

/// Runs `check` in a fork of this process, and fails where it panics or hangs.
fn in_a_child(what: &str, check: impl FnOnce()) {
    // SAFETY: (1) There is nothing that a caller has to hold. What a child may do
    // in a process of many threads is short: this one allocates, which glibc and
    // musl make right, and takes locks that no other thread has at this moment.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "no child for {what}");
    if child == 0 {
        // SAFETY: (1) None to hold: nobody handles the signal, so it kills.
        unsafe { libc::alarm(CHILD_SECONDS) };
        let passed = catch_unwind(AssertUnwindSafe(check)).is_ok();
        // SAFETY: (1) None to hold; what the parent has registered for its exit is
        // its own.
        unsafe { libc::_exit(i32::from(!passed)) };
    }
    let mut status = 0;
    // SAFETY: (1) The pointer is to an integer that lives on.
    let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
    assert_eq!(waited, child);
    assert!(!libc::WIFSIGNALED(status), "{what}: hangs in a child");
    assert_eq!(libc::WEXITSTATUS(status), 0, "{what}: see above");
}

/// How workers are created.
type Start = fn(usize) -> Workers;

const STARTS: [(&str, Start); 2] = [("started", workers), ("adopted", adopted)];

fn workers(threads: usize) -> Workers {
    Workers::new(threads).unwrap()
}

fn adopted(threads: usize) -> Workers {
    let builder = ThreadPoolBuilder::new().num_threads(threads);
    Workers::adopt(builder.build().unwrap())
}

fn token(index: usize) -> Token {
    Token::new(index as u32)
}

fn forked<T: std::fmt::Debug>(outcome: Result<T, ParallelError>) -> Option<Forked> {
    match outcome {
        Ok(_) => None,
        Err(ParallelError::Forked(forked)) => Some(forked),
        Err(other) => panic!("{other}"),
    }
}

fn forked_ingest<E: Debug>(outcome: Result<(), IngestError<E>>) -> Option<Forked> {
    match outcome {
        Ok(()) => None,
        Err(IngestError::Forked(forked)) => Some(forked),
        Err(other) => panic!("{other:?}"),
    }
}

/// Works on tokens, which are also in a file, or returns the error.
type Operation = fn(&Workers, &[Token], &BlockReader) -> Option<Forked>;

const OPERATIONS: [(&str, Operation); 13] = [
    ("fill", |workers, _, _| {
        let mut store = VecStore::new();
        forked(fill(workers, &mut store, COUNT, token))
    }),
    ("for_each_shard", |workers, tokens, _| {
        forked(for_each_shard(workers, tokens, |_, _| ()))
    }),
    ("for_each_shard_mut", |workers, tokens, _| {
        forked(for_each_shard_mut(workers, &mut tokens.to_vec(), |_, _| ()))
    }),
    ("map_reduce", |workers, tokens, _| {
        forked(map_reduce(workers, tokens, |_, _| (), |(), ()| ()))
    }),
    ("map_shards", |workers, _, _| {
        forked(map_shards(workers, Shards::new(COUNT), |_| ()))
    }),
    ("map_shards of one", |workers, _, _| {
        forked(map_shards(workers, Shards::new(1), |_| ()))
    }),
    ("gather", |workers, tokens, _| {
        let indices: Vec<usize> = (0..COUNT).collect();
        forked(gather(workers, tokens, &indices, &mut Vec::new()))
    }),
    ("ingest", |workers, _, _| {
        let mut store = VecStore::new();
        forked_ingest(ingest(workers, &mut store, COUNT, token))
    }),
    ("ingest_batches", |workers, tokens, _| {
        let mut store = VecStore::new();
        forked_ingest(ingest_batches(
            workers,
            &mut store,
            COUNT,
            |range, batch| {
                batch.extend_from_slice(&tokens[range]);
                Ok::<_, Infallible>(())
            },
        ))
    }),
    ("ingest_shards", |workers, tokens, _| {
        let (mut store, shards) = (VecStore::new(), Shards::new(COUNT));
        forked_ingest(ingest_shards(workers, &mut store, shards, |shard, room| {
            room.copy_from_slice(&tokens[shard.range]);
        }))
    }),
    ("load", |workers, _, file| match load(workers, file) {
        Ok(_) => None,
        Err(ParallelLoadError::Parallel(error)) => forked(Err::<(), _>(error)),
        Err(other) => panic!("{other}"),
    }),
    ("save", |workers, tokens, _| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ngt");
        let draft = FileDraft::begin(path, &CreateOptions::new()).unwrap();
        match save(workers, tokens, draft) {
            Ok(_) => None,
            Err(ParallelSaveError::Ingest(error)) => forked_ingest(Err(error)),
            Err(other) => panic!("{other}"),
        }
    }),
    ("verify", |workers, _, file| match verify(workers, file) {
        Ok(report) => {
            assert!(report.is_clean());
            None
        }
        Err(VerifyError::Parallel(error)) => forked(Err::<(), _>(error)),
        Err(other) => panic!("{other}"),
    }),
];

#[test]
fn workers_of_another_process_say_so_and_one_worker_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.ngt");
    let mut store = VecStore::new();
    fill(&workers(1), &mut store, COUNT, token).unwrap();
    store.save(&path, &CreateOptions::new()).unwrap();
    let file = BlockReader::open(&path).unwrap();
    let tokens = store.tokens();
    for (how, start) in STARTS {
        for threads in [1, 2, 3, 7] {
            check_forks(
                &format!("{threads} threads, {how}"),
                start,
                threads,
                tokens,
                &file,
            );
        }
    }
}

fn check_forks(what: &str, start: Start, threads: usize, tokens: &[Token], file: &BlockReader) {
    let parent = process::id();
    let workers = start(threads);
    for (name, operation) in OPERATIONS {
        assert_eq!(operation(&workers, tokens, file), None);
        in_a_child(&format!("{name}, {what}"), || {
            let found = operation(&workers, tokens, file);
            assert_eq!(found.is_some(), threads > 1, "{found:?}");
            if let Some(forked) = found {
                let here = process::id();
                assert_eq!((forked.started_in, forked.used_in), (parent, here));
                let told = format!(
                    "workers of process {parent} used in its fork {here}, which must start its own"
                );
                assert_eq!(forked.to_string(), told);
            }
            let other = workers.with_stop_flag(StopFlag::new());
            assert_eq!(operation(&other, tokens, file), found);
            drop((workers.clone(), other));
        });
        assert_eq!(operation(&workers, tokens, file), None);
    }
    in_a_child(&format!("dropped and new, {what}"), || {
        drop(workers);
        let new = start(threads);
        for (_, operation) in OPERATIONS {
            assert_eq!(operation(&new, tokens, file), None);
        }
    });
}
