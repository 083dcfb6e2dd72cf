//! An ingest within other work on the same workers, and the other way round,
//! comes to an end.

use std::thread;

use ng_parallel::{Workers, for_each_shard, ingest, ingest_with, map_reduce};
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
