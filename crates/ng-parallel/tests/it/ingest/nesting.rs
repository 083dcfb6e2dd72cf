//! An ingest within other work on the same workers, and the other way round,
//! comes to an end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use ng_parallel::{DEFAULT_SHARD_TOKENS, Workers, for_each_shard, ingest, ingest_with, map_reduce};
use ng_store::BLOCK_TOKENS;
use ng_token::Token;

use super::sinks::Recorder;
use super::small;
use crate::{PANIC_TOKENS, THREADS, token, tokens, workers};

const COUNT: usize = 40 * BLOCK_TOKENS + 9;

fn ingested(workers: &Workers, f: impl Fn(usize) -> Token + Sync) -> Vec<Token> {
    let mut sink = Recorder::new();
    ingest_with(workers, &small(), &mut sink, COUNT, f).unwrap();
    sink.tokens().to_vec()
}

#[test]
fn an_ingest_within_an_operation_comes_to_an_end() {
    let outer = tokens(PANIC_TOKENS);
    for threads in THREADS {
        let workers = workers(threads);
        for_each_shard(&workers, &outer, |_, _| {
            assert!(ingested(&workers, token) == tokens(COUNT));
        })
        .unwrap();
    }
}

#[test]
fn an_operation_within_an_ingest_comes_to_an_end() {
    let inner = tokens(PANIC_TOKENS);
    for threads in THREADS {
        let workers = workers(threads);
        let all = ingested(&workers, |index| {
            if index % BLOCK_TOKENS == 0 {
                let count = |_, slice: &[Token]| slice.len();
                let sum = map_reduce(&workers, &inner, count, |l, r| l + r);
                assert_eq!(sum, Ok(Some(PANIC_TOKENS)));
            }
            token(index)
        });
        assert!(all == tokens(COUNT), "{threads} threads");
    }
}

#[test]
fn an_ingest_within_an_ingest_comes_to_an_end() {
    for threads in THREADS {
        let workers = workers(threads);
        let all = ingested(&workers, |index| {
            if index % (10 * BLOCK_TOKENS) == 0 {
                let mut sink = Recorder::new();
                ingest(&workers, &mut sink, 10_000, token).unwrap();
            }
            token(index)
        });
        assert!(all == tokens(COUNT), "{threads} threads");
    }
}

#[test]
fn ingests_share_their_workers() {
    let expected = tokens(COUNT);
    for threads in THREADS {
        let workers = workers(threads);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| assert!(ingested(&workers, token) == expected));
            }
        });
    }
}

/// A thread that waits within the closure takes other tasks on, among them the
/// second filler of the same ingest: that one would wait for buffers behind the
/// shard that its own thread holds.
#[test]
fn a_filler_that_waits_does_not_become_two() {
    let (held, two_shards) = (tokens(1), tokens(2 * DEFAULT_SHARD_TOKENS));
    let [holds, released, helped] = [const { AtomicBool::new(false) }; 3];
    let workers = workers(2);
    thread::scope(|scope| {
        // One worker is busy until the other is in the closure.
        scope.spawn(|| {
            for_each_shard(&workers, &held, |_, _| {
                holds.store(true, Ordering::Relaxed);
                while !yields_until(&released) {}
            })
            .unwrap();
        });
        while !yields_until(&holds) {}
        let all = ingested(&workers, |index| {
            if index == 0 {
                for_each_shard(&workers, &two_shards, |shard, _| match shard.number {
                    0 => {
                        released.store(true, Ordering::Relaxed);
                        yields_until(&helped);
                    }
                    // The first worker has nothing else to do meanwhile.
                    _ => {
                        helped.store(true, Ordering::Relaxed);
                        yields_until(&AtomicBool::new(false));
                    }
                })
                .unwrap();
            }
            token(index)
        });
        assert!(all == tokens(COUNT));
    });
}

/// Gives other threads some time, until the flag is set, and tells whether it is.
fn yields_until(flag: &AtomicBool) -> bool {
    (0..10_000).any(|_| {
        thread::yield_now();
        flag.load(Ordering::Relaxed)
    })
}
