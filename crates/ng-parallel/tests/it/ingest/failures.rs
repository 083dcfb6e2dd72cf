//! A failure ends all sides, names its shard, and leaves a prefix appended.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

use ng_parallel::{DEFAULT_BUFFER_TOKENS, DEFAULT_DEPTH, IngestError, Shard, ingest, ingest_with};
use ng_store::disk::Dir;
use ng_store::disk::sim::{CallKind, Failure, Fault, SimFs, When};
use ng_store::{BLOCK_TOKENS, BlockReader, TokenSink, VerifyBlocks, WriteError};

use super::sinks::{NAME, OnDisk, Recorder, Refused};
use super::small;
use crate::{THREADS, token, tokens, workers};

/// Many more shards than are ever in progress.
const SHARDS: usize = 300;

/// The number of shards that may be under way at once, of the smallest buffers.
pub(super) fn most_under_way(threads: usize) -> usize {
    match threads {
        1 => 1,
        _ => threads * 2 + DEFAULT_DEPTH,
    }
}

#[test]
fn a_panic_names_its_tokens_and_all_before_them_are_appended() {
    let (start, count) = (5_000, 5 * DEFAULT_BUFFER_TOKENS);
    let first = DEFAULT_BUFFER_TOKENS - start % DEFAULT_BUFFER_TOKENS;
    for threads in THREADS {
        let workers = workers(threads);
        for number in [0, 2, 5] {
            let begin = |number| match number {
                0 => 0,
                _ => first + (number - 1) * DEFAULT_BUFFER_TOKENS,
            };
            let range = begin(number)..begin(number + 1).min(count);
            let panic_at = range.end - 1;
            let mut sink = Recorder::holding(&tokens(start));
            let outcome = ingest(&workers, &mut sink, count, |index| {
                assert!(index < panic_at, "on purpose at {index}");
                token(start + index)
            });
            let appended = range.start;
            let expected = IngestError::Panicked {
                shard: Shard::new(number, range),
                message: format!("on purpose at {panic_at}"),
            };
            assert_eq!(outcome, Err(expected), "{threads} threads");
            assert!(sink.tokens() == tokens(start + appended));

            let rest = |index| token(start + appended + index);
            ingest(&workers, &mut sink, count - appended, rest).unwrap();
            assert!(sink.tokens() == tokens(start + count));
        }
    }
}

#[test]
fn a_stop_before_the_start_appends_nothing() {
    for threads in THREADS {
        let workers = workers(threads);
        workers.stop_flag().stop();
        let mut sink = Recorder::new();
        let outcome = ingest(&workers, &mut sink, 50_000, token);
        let (appended, count) = (0, 50_000);
        assert_eq!(outcome, Err(IngestError::Stopped { appended, count }));
        assert_eq!(sink.appended_tokens(), 0);
        ingest(&workers, &mut sink, 0, token).unwrap();
    }
}

#[test]
fn a_stop_in_the_middle_leaves_whole_buffers_and_can_be_gone_on_from() {
    let (count, stop_at) = (SHARDS * BLOCK_TOKENS, 100 * BLOCK_TOKENS + 5);
    for threads in THREADS {
        let workers = workers(threads);
        let stop = workers.stop_flag();
        let mut sink = Recorder::new();
        let outcome = ingest_with(&workers, &small(), &mut sink, count, |index| {
            if index == stop_at {
                stop.stop();
            }
            while index > stop_at && !stop.is_stopped() {
                std::thread::yield_now();
            }
            token(index)
        });
        let appended = sink.appended_tokens() as usize;
        assert_eq!(outcome, Err(IngestError::Stopped { appended, count }));
        assert!(sink.tokens() == tokens(appended));
        assert_eq!(appended % BLOCK_TOKENS, 0);
        let shards = appended / BLOCK_TOKENS;
        let fewest = 101 - most_under_way(threads);
        assert!((fewest..=100 + threads).contains(&shards), "{shards}");

        stop.clear();
        let rest = |index| token(appended + index);
        ingest_with(&workers, &small(), &mut sink, count - appended, rest).unwrap();
        assert!(sink.tokens() == tokens(count));
    }
}

#[test]
fn an_error_of_the_sink_comes_back_as_it_is_and_ends_the_filling() {
    for threads in THREADS {
        for append in [0, 1, 40] {
            let calls = AtomicUsize::new(0);
            let mut sink = Recorder::refusing(append);
            let count = SHARDS * BLOCK_TOKENS;
            let outcome = ingest_with(&workers(threads), &small(), &mut sink, count, |index| {
                calls.fetch_add(1, Ordering::Relaxed);
                token(index)
            });
            assert_eq!(outcome, Err(IngestError::Sink(Refused { append })));
            assert!(sink.tokens() == tokens(append * BLOCK_TOKENS));
            let shards = calls.into_inner() / BLOCK_TOKENS;
            assert!(
                (append + 1..=append + most_under_way(threads)).contains(&shards),
                "{threads} threads: {shards} shards filled, {append} appended"
            );
        }
    }
}

#[test]
fn without_room_nothing_is_filled() {
    for threads in THREADS {
        let mut sink = Recorder::without_room();
        let outcome = ingest(&workers(threads), &mut sink, 1, |index| {
            panic!("index {index} filled")
        });
        assert_eq!(outcome, Err(IngestError::Sink(Refused { append: 0 })));
    }
}

#[test]
fn a_panic_of_the_sink_is_the_callers_and_leaves_the_workers_usable() {
    for threads in THREADS {
        let workers = workers(threads);
        let mut sink = Recorder::panicking(7);
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            ingest_with(&workers, &small(), &mut sink, SHARDS * BLOCK_TOKENS, token)
        }));
        assert!(outcome.is_err(), "{threads} threads");
        assert_eq!(sink.appended_tokens(), 7 * BLOCK_TOKENS as u64);
        let mut sink = Recorder::new();
        ingest(&workers, &mut sink, 50_000, token).unwrap();
        assert!(sink.tokens() == tokens(50_000));
    }
}

#[test]
fn a_failing_disk_is_a_write_error_and_leaves_the_last_commit() {
    for threads in THREADS {
        for kind in [CallKind::Write, CallKind::StartWriteback] {
            for nth in [0, 3] {
                let fs = SimFs::new();
                let mut sink = OnDisk::create(&fs, &tokens(100));
                let at = When::Nth(kind, fs.operations_of(kind) + nth);
                fs.inject(at, Fault::Fail(Failure::Io));
                let count = 6 * DEFAULT_BUFFER_TOKENS;
                let error = ingest(&workers(threads), &mut sink, count, token).unwrap_err();
                let IngestError::Sink(WriteError::Io { cause }) = &error else {
                    panic!("{threads} threads, {kind:?} {nth}: {error}");
                };
                assert_eq!(cause.source.raw_os_error(), Some(5));
                assert!(sink.0.is_poisoned());
                drop(sink);
                let file = fs.dir().open(NAME, false).unwrap();
                let reader = BlockReader::of_disk(file, NAME).unwrap();
                assert_eq!(reader.len(), 100);
                assert!(reader.verify().unwrap().is_clean());
            }
        }
    }
}

#[test]
fn errors_say_where_and_how_far() {
    type Error = IngestError<io::Error>;
    let shard = Shard::new(3, 7..9);
    let message = "no luck".to_owned();
    let panicked: Error = IngestError::Panicked { shard, message };
    assert_eq!(
        panicked.to_string(),
        "shard 3, tokens 7..9, panicked: no luck"
    );
    let (appended, count) = (5, 9);
    let stopped: Error = IngestError::Stopped { appended, count };
    assert_eq!(stopped.to_string(), "stopped after 5 of 9 tokens");
    let sink: Error = IngestError::Sink(io::Error::other("full"));
    assert_eq!(sink.to_string(), "full");
}
