//! `ingest` appends what the serial twin does, in the same order and with the
//! same hashes, whatever the number of threads.

mod batches;
mod commits;
mod failures;
mod files;
mod in_shards;
mod nesting;
mod sinks;

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use ng_parallel::{DEFAULT_BUFFER_TOKENS, IngestOptions, StopFlag, ingest, ingest_with, serial};
use ng_store::{BLOCK_TOKENS, TokenSink, TokenStore, VecStore};
use proptest::prelude::*;

use crate::{THREADS, comes_to_an_end, token, tokens, workers};
use sinks::Recorder;

/// Nothing, less than a block, around blocks and buffers, and many buffers.
const COUNTS: [usize; 9] = [
    0,
    1,
    BLOCK_TOKENS - 1,
    BLOCK_TOKENS,
    DEFAULT_BUFFER_TOKENS - 1,
    DEFAULT_BUFFER_TOKENS,
    DEFAULT_BUFFER_TOKENS + 1,
    3 * DEFAULT_BUFFER_TOKENS - BLOCK_TOKENS + 7,
    23 * DEFAULT_BUFFER_TOKENS + 5,
];

/// At a block's begin, around it, and within one.
const STARTS: [usize; 6] = [
    0,
    1,
    BLOCK_TOKENS - 1,
    BLOCK_TOKENS,
    5_000,
    DEFAULT_BUFFER_TOKENS + 3,
];

/// The smallest buffers, so that few tokens make many of them.
fn small() -> IngestOptions {
    IngestOptions::new().buffer_tokens(BLOCK_TOKENS)
}

#[test]
fn ingest_equals_the_serial_twin_and_the_oracle() {
    for start in STARTS {
        for count in COUNTS {
            let oracle = tokens(start + count);
            let f = |index| token(start + index);
            let mut twin = Recorder::holding(&oracle[..start]);
            serial::ingest(&StopFlag::new(), &mut twin, count, f).unwrap();
            assert!(twin.tokens() == oracle, "serial, {count} at {start}");
            for threads in THREADS {
                let mut sink = Recorder::holding(&oracle[..start]);
                ingest(&workers(threads), &mut sink, count, f).unwrap();
                let context = format!("{threads} threads, {count} at {start}");
                assert!(sink.tokens() == oracle, "{context}");
                assert_eq!(sink.appends(), twin.appends(), "{context}");
                assert!(sink.commits().is_empty(), "{context}");
            }
        }
    }
}

#[test]
fn a_store_in_memory_is_a_sink_as_well() {
    for threads in THREADS {
        let workers = workers(threads);
        let mut store = VecStore::new();
        ingest(&workers, &mut store, 100_000, token).unwrap();
        ingest(&workers, &mut store, 7, |index| token(100_000 + index)).unwrap();
        assert!(store.tokens() == tokens(100_007), "{threads} threads");
    }
}

#[test]
fn every_whole_block_of_a_buffer_is_hashed_once() {
    for threads in THREADS {
        for start in STARTS {
            let count = 9 * DEFAULT_BUFFER_TOKENS + 5;
            let mut sink = Recorder::holding(&tokens(start));
            ingest(&workers(threads), &mut sink, count, token).unwrap();
            let blocks = (start + count) / BLOCK_TOKENS - start.div_ceil(BLOCK_TOKENS);
            assert_eq!(sink.hashed(), blocks, "{threads} threads, start {start}");
        }
    }
}

#[test]
fn one_worker_is_the_calling_thread() {
    let here = thread::current().id();
    let mut sink = Recorder::new();
    ingest(&workers(1), &mut sink, 40_000, |index| {
        assert_eq!(thread::current().id(), here);
        token(index)
    })
    .unwrap();
    assert_eq!(sink.appended_tokens(), 40_000);
}

#[test]
fn all_workers_fill_at_the_same_time_and_the_caller_is_one_of_them() {
    comes_to_an_end("three workers", || {
        let (here, barrier) = (thread::current().id(), Barrier::new(3));
        let filled_here = AtomicUsize::new(0);
        let mut sink = Recorder::new();
        ingest_with(
            &workers(3),
            &small(),
            &mut sink,
            3 * BLOCK_TOKENS,
            |index| {
                if index % BLOCK_TOKENS == 0 {
                    barrier.wait();
                    let is_here = thread::current().id() == here;
                    filled_here.fetch_add(usize::from(is_here), Ordering::Relaxed);
                }
                token(index)
            },
        )
        .unwrap();
        assert_eq!(filled_here.into_inner(), 1);
    });
}

#[test]
#[should_panic(expected = "buffers of 4095 tokens, expected a multiple of 4096 above 0")]
fn buffers_of_less_than_a_block_panic() {
    let _ = IngestOptions::new().buffer_tokens(BLOCK_TOKENS - 1);
}

#[test]
#[should_panic(expected = "buffers of 0 tokens")]
fn buffers_of_nothing_panic() {
    let _ = IngestOptions::new().buffer_tokens(0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_buffers_and_threads_write_the_same(
        start in 0..3 * BLOCK_TOKENS,
        counts in prop::collection::vec(0..12 * BLOCK_TOKENS, 1..4),
        threads in 1..9_usize,
        blocks in 1..4_usize,
        depth in 0..4_usize,
    ) {
        let options = IngestOptions::new().buffer_tokens(blocks * BLOCK_TOKENS).depth(depth);
        let workers = workers(threads);
        let mut sink = Recorder::holding(&tokens(start));
        for count in counts {
            let before = sink.tokens().len();
            ingest_with(&workers, &options, &mut sink, count, |index| token(before + index)).unwrap();
            prop_assert!(sink.tokens() == tokens(before + count));
        }
    }
}
