//! An operation waits only for its own closures, so a lock held elsewhere cannot block it.

use std::cell::Cell;
use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier, Mutex, MutexGuard};
use std::thread;

use ng_parallel::{
    DEFAULT_DEPTH, IngestError, IngestOptions, ParallelError, Shards, StopFlag, Workers,
    ingest_with, map_shards,
};
use ng_store::{BLOCK_TOKENS, TokenSink, VecStore};
use ng_token::Token;

use crate::operations::{Material, OPERATIONS, Operation};
use crate::void::{SumsIds, Void};
use crate::{STARTS, Start, adopted, comes_to_an_end, pool, token, workers};

/// How workers come to be, and how many: those of an adopted pool are the calling
/// thread where they are one.
const CASES: [(&str, Start, &[usize]); 2] = [
    ("started", workers, &[1, 2, 3, 7]),
    ("adopted", adopted, &[2, 7]),
];

/// More shards than threads, without any tokens to make.
fn shards() -> Shards {
    Shards::with_shard_tokens(OUTER_TOKENS, BLOCK_TOKENS)
}

const OUTER_TOKENS: usize = 8 * BLOCK_TOKENS;

fn small() -> IngestOptions {
    IngestOptions::new().buffer_tokens(BLOCK_TOKENS)
}

fn two_shards() -> Shards {
    Shards::with_shard_tokens(2 * BLOCK_TOKENS, BLOCK_TOKENS)
}

/// Calls `f` in every shard of an operation, or block of an ingest.
type Outer = fn(&Workers, &(dyn Fn() + Sync));

const OUTERS: [(&str, Outer); 2] = [
    ("map_shards", |workers, f| {
        map_shards(workers, shards(), |_| f()).unwrap();
    }),
    ("ingest", |workers, f| {
        let mut store = VecStore::new();
        ingest_with(workers, &small(), &mut store, OUTER_TOKENS, |index| {
            if index % BLOCK_TOKENS == 0 {
                f();
            }
            token(index)
        })
        .unwrap();
    }),
];

/// Runs `check` for each operation and number of threads, each of which has to
/// come to an end.
fn check_all(claim: &str, check: fn(&dyn Fn() -> Workers, Operation, &Material)) {
    let material = Arc::new(Material::new());
    for (how, start, sizes) in CASES {
        for &threads in sizes {
            for (name, operation) in OPERATIONS {
                let material = Arc::clone(&material);
                let what = format!("{claim}: {name}, {threads} threads, {how}");
                comes_to_an_end(&what, move || {
                    check(&|| start(threads), operation, &material);
                });
            }
        }
    }
}

fn wait_until(is_so: impl Fn() -> bool) {
    while !is_so() {
        thread::yield_now();
    }
}

fn lock(mutex: &Mutex<()>) -> MutexGuard<'_, ()> {
    mutex.lock().unwrap()
}

/// A thread of rayon's that waits for a scope runs other tasks of its own pool
/// meanwhile, below what it holds. So an operation must not wait like that.
#[test]
fn a_task_of_another_pool_may_hold_a_lock_that_its_siblings_want() {
    check_all("from another pool", |start, operation, material| {
        let workers = start();
        for pool_threads in [1, 3] {
            let mutex = Mutex::new(());
            pool(pool_threads).scope(|scope| {
                let _held = lock(&mutex);
                for _ in 0..2 * pool_threads {
                    scope.spawn(|_| drop(lock(&mutex)));
                }
                operation(&workers, material);
            });
        }
    });
}

#[test]
fn a_closure_may_hold_a_lock_of_all_closures_and_call_any_operation() {
    check_all("nested", |start, operation, material| {
        let (these, others) = (start(), start());
        for (_, outer) in OUTERS {
            let mutex = Mutex::new(());
            for inner in [&these, &others] {
                outer(&these, &|| {
                    let _held = lock(&mutex);
                    operation(inner, material);
                });
            }
            outer(&these, &|| {
                let _held = lock(&mutex);
                map_shards(&others, Shards::new(1), |_| operation(&these, material)).unwrap();
            });
        }
    });
}

/// All workers, and another caller, are within closures that want the lock.
#[test]
fn a_thread_may_hold_a_lock_that_closures_of_others_want() {
    check_all("beside", |start, operation, material| {
        let workers = start();
        for (_, outer) in OUTERS {
            let (mutex, within) = (Mutex::new(()), AtomicUsize::new(0));
            let held = lock(&mutex);
            thread::scope(|scope| {
                scope.spawn(|| {
                    outer(&workers, &|| {
                        within.fetch_add(1, Ordering::Relaxed);
                        drop(lock(&mutex));
                    });
                });
                wait_until(|| within.load(Ordering::Relaxed) == workers.threads());
                operation(&workers, material);
                drop(held);
            });
        }
    });
}

#[test]
fn a_long_ingest_lends_its_workers_and_gets_them_back() {
    comes_to_an_end("an ingest and another operation", || {
        for (_, start) in STARTS {
            for threads in [2, 3, 7] {
                check_lending(&start(threads));
            }
        }
    });
}

fn check_lending(workers: &Workers) {
    let [filled, lent, returned] = [const { AtomicBool::new(false) }; 3];
    let end = StopFlag::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            let (here, ending) = (thread::current().id(), workers.with_stop_flag(end.clone()));
            let outcome = ingest_with(&ending, &small(), &mut Void::default(), 1 << 50, |index| {
                if thread::current().id() != here {
                    filled.store(true, Ordering::Relaxed);
                    returned.fetch_or(lent.load(Ordering::Relaxed), Ordering::Relaxed);
                }
                token(index)
            });
            assert!(matches!(outcome, Err(IngestError::Stopped { .. })));
        });
        wait_until(|| filled.load(Ordering::Relaxed));
        wait_for_two_threads(workers);
        lent.store(true, Ordering::Relaxed);
        wait_until(|| returned.load(Ordering::Relaxed));
        end.stop();
    });
}

/// If the sink is slow, the workers of an ingest wait for buffers.
#[test]
fn an_ingest_lends_workers_that_wait_for_its_sink() {
    comes_to_an_end("an ingest whose sink waits", || {
        for (_, start) in STARTS {
            for threads in [2, 3, 7] {
                let workers = start(threads);
                let (filled, opened) = (AtomicUsize::new(0), AtomicBool::new(false));
                thread::scope(|scope| {
                    scope.spawn(|| {
                        let mut sink = Gate(Void::default(), &opened);
                        ingest_with(&workers, &small(), &mut sink, 1 << 20, |index| {
                            filled.fetch_add(1, Ordering::Relaxed);
                            token(index)
                        })
                        .unwrap();
                    });
                    let buffers = threads * 2 + DEFAULT_DEPTH;
                    wait_until(|| filled.load(Ordering::Relaxed) == buffers * BLOCK_TOKENS);
                    wait_for_two_threads(&workers);
                    opened.store(true, Ordering::Relaxed);
                });
            }
        }
    });
}

/// A sink that takes nothing until it is opened.
struct Gate<'a>(Void, &'a AtomicBool);

impl TokenSink for Gate<'_> {
    type Error = Infallible;
    type Hasher = SumsIds;

    fn appended_tokens(&self) -> u64 {
        self.0.appended_tokens()
    }

    fn reserve(&mut self, additional: usize) -> Result<(), Infallible> {
        self.0.reserve(additional)
    }

    fn append(&mut self, tokens: &[Token]) -> Result<(), Infallible> {
        self.0.append(tokens)
    }

    fn append_with(
        &mut self,
        count: usize,
        f: impl Fn(usize) -> Token + Sync,
    ) -> Result<(), Infallible> {
        self.0.append_with(count, f)
    }

    fn block_hasher(&self) -> SumsIds {
        self.0.block_hasher()
    }

    fn append_hashed(&mut self, tokens: &[Token], hashes: &[u64]) -> Result<(), Infallible> {
        wait_until(|| self.1.load(Ordering::Relaxed));
        self.0.append_hashed(tokens, hashes)
    }

    fn commit(&mut self) -> Result<(), Infallible> {
        self.0.commit()
    }
}

/// Runs an operation until two threads have worked on it.
fn wait_for_two_threads(workers: &Workers) {
    let (working, enough) = (Mutex::new(HashSet::new()), StopFlag::new());
    let shards = Shards::with_shard_tokens(10_000_000 * BLOCK_TOKENS, BLOCK_TOKENS);
    let outcome = map_shards(&workers.with_stop_flag(enough.clone()), shards, |_| {
        let mut working = working.lock().unwrap();
        working.insert(thread::current().id());
        if working.len() == 2 {
            enough.stop();
        }
    });
    assert!(matches!(outcome, Err(ParallelError::Stopped { .. })));
}

/// A task spawned by a closure through rayon runs on a worker that is idle and counted as
/// such.
#[test]
fn a_task_that_a_closure_spawns_may_call_any_operation() {
    for (how, start) in STARTS {
        let what = format!("spawned by closures, {how}");
        comes_to_an_end(&what, move || check_spawned(start(2)));
    }
}

fn check_spawned(workers: Workers) {
    let material = Arc::new(Material::new());
    let (ends, ended) = channel();
    let spawned = Barrier::new(2);
    map_shards(&workers, two_shards(), |_| {
        spawned.wait();
        let (workers, material, ends) = (workers.clone(), material.clone(), ends.clone());
        rayon::spawn(move || {
            for (name, operation) in OPERATIONS {
                operation(&workers, &material);
                ends.send(name).unwrap();
            }
        });
    })
    .unwrap();
    drop(ends);
    assert_eq!(ended.iter().count(), 2 * OPERATIONS.len());
}

thread_local! {
    static HOLDS: Cell<bool> = const { Cell::new(false) };
}

/// A closure that waits by rayon's means makes its thread run pool tasks, which may be ours
/// for an idle worker.
#[test]
fn no_closure_runs_below_another_that_waits_by_rayon() {
    for (how, start) in STARTS {
        let what = format!("closures that wait, {how}");
        comes_to_an_end(&what, move || check_waiting(&start(3)));
    }
}

fn check_waiting(workers: &Workers) {
    let waits = AtomicUsize::new(0);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            map_shards(workers, two_shards(), |_| {
                HOLDS.set(true);
                waits.fetch_add(1, Ordering::Relaxed);
                while !done.load(Ordering::Relaxed) {
                    rayon::yield_now();
                }
                HOLDS.set(false);
            })
            .unwrap();
        });
        wait_until(|| waits.load(Ordering::Relaxed) == 2);
        let outcome = (0..5_000).try_for_each(|_| {
            map_shards(workers, shards(), |_| assert!(!HOLDS.get(), "interrupted")).map(|_| ())
        });
        done.store(true, Ordering::Relaxed);
        assert_eq!(outcome, Ok(()));
    });
}
