//! Commits on the way: at the ends of buffers, and committed tokens stay.

use std::panic::{AssertUnwindSafe, catch_unwind};

use ng_parallel::{
    DEFAULT_BUFFER_TOKENS, IngestError, IngestOptions, Shards, StopFlag, ingest_batches_with,
    ingest_shards_with, ingest_with, serial,
};
use ng_store::disk::Dir;
use ng_store::disk::sim::{CallKind, Failure, Fault, SimFs, When};
use ng_store::{BLOCK_TOKENS, BlockReader, TokenSink, VerifyBlocks};
use ng_token::Token;

use super::sinks::{NAME, OnDisk, Recorder, Refused};
use super::small;
use crate::{THREADS, token, tokens, workers};

const COUNT: usize = 40 * BLOCK_TOKENS + 9;

fn every(tokens: usize) -> IngestOptions {
    small().commit_every(tokens)
}

/// How many tokens there are at each commit of an ingest behind `start` others.
fn expected(start: usize, every: usize) -> Vec<usize> {
    let (mut end, mut last, mut commits) = (start, start, Vec::new());
    while end < start + COUNT {
        end = (end / BLOCK_TOKENS * BLOCK_TOKENS + BLOCK_TOKENS).min(start + COUNT);
        if end - last >= every {
            commits.push(end);
            last = end;
        }
    }
    commits
}

#[test]
fn a_commit_follows_each_time_that_enough_was_appended() {
    assert_eq!(expected(0, 20 * BLOCK_TOKENS), [81_920, 163_840]);
    assert_eq!(expected(5, COUNT), [5 + COUNT]);
    for start in [0, 5, BLOCK_TOKENS] {
        for tokens_a_commit in [
            1,
            BLOCK_TOKENS,
            BLOCK_TOKENS + 1,
            7 * BLOCK_TOKENS,
            COUNT,
            COUNT + 1,
        ] {
            let (options, all) = (every(tokens_a_commit), tokens(start + COUNT));
            let commits = expected(start, tokens_a_commit);
            let f = |index| token(start + index);
            let mut twin = Recorder::holding(&all[..start]);
            serial::ingest_with(&StopFlag::new(), &options, &mut twin, COUNT, f).unwrap();
            assert_eq!(twin.commits(), commits, "serial, every {tokens_a_commit}");
            for threads in THREADS {
                let mut sink = Recorder::holding(&all[..start]);
                ingest_with(&workers(threads), &options, &mut sink, COUNT, f).unwrap();
                assert!(sink.tokens() == all);
                assert_eq!(sink.commits(), commits, "{threads} threads");
            }
        }
    }
}

#[test]
fn batches_and_shards_commit_as_well() {
    let shards = Shards::with_shard_tokens(COUNT, BLOCK_TOKENS);
    let (options, commits) = (every(7 * BLOCK_TOKENS), expected(0, 7 * BLOCK_TOKENS));
    for threads in THREADS {
        let (workers, mut sink) = (workers(threads), Recorder::new());
        let fill = |_, room: &mut [Token]| room.fill(Token::new(7));
        ingest_shards_with(&workers, &options, &mut sink, shards, fill).unwrap();
        assert_eq!(sink.commits(), commits);

        let mut sink = Recorder::new();
        let outcome = ingest_batches_with(&workers, &options, &mut sink, COUNT, |range, batch| {
            if range.start >= 20 * BLOCK_TOKENS {
                return Err("no more");
            }
            batch.extend(range.map(token));
            Ok(())
        });
        assert!(matches!(
            outcome,
            Err(IngestError::Failed {
                source: "no more",
                ..
            })
        ));
        assert_eq!(sink.commits(), &commits[..2]);
        assert!(sink.tokens() == tokens(20 * BLOCK_TOKENS));
    }
}

#[test]
fn a_refused_commit_ends_the_ingest_with_what_the_sink_says() {
    for threads in THREADS {
        for commit in [0, 2] {
            let mut sink = Recorder::refusing_commit(commit);
            let options = every(7 * BLOCK_TOKENS);
            let outcome = ingest_with(&workers(threads), &options, &mut sink, COUNT, token);
            let append = 7 * (commit + 1);
            assert_eq!(outcome, Err(IngestError::Sink(Refused { append })));
            assert!(sink.tokens() == tokens(append * BLOCK_TOKENS));
            assert_eq!(sink.commits(), &expected(0, 7 * BLOCK_TOKENS)[..commit]);
        }
    }
}

#[test]
fn a_panic_of_a_commit_is_the_callers_and_leaves_the_workers_usable() {
    for threads in THREADS {
        let (workers, mut sink) = (workers(threads), Recorder::panicking_in_commit(1));
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            ingest_with(&workers, &every(7 * BLOCK_TOKENS), &mut sink, COUNT, token)
        }));
        assert!(outcome.is_err(), "{threads} threads");
        assert_eq!(sink.commits(), [7 * BLOCK_TOKENS]);
        let mut sink = Recorder::new();
        ingest_with(&workers, &small(), &mut sink, COUNT, token).unwrap();
        assert!(sink.tokens() == tokens(COUNT));
    }
}

/// Reads what was committed to the file, verified.
fn committed(fs: &SimFs) -> usize {
    let reader = BlockReader::of_disk(fs.dir().open(NAME, false).unwrap(), NAME).unwrap();
    assert!(reader.verify().unwrap().is_clean());
    reader.len() as usize
}

const BUFFERS: usize = 12;

/// Ingests 12 buffers behind 100 tokens, with a commit every 3.
fn ingest_twelve(
    threads: usize,
    sink: &mut OnDisk,
    stop: &StopFlag,
    f: impl Fn(usize) -> Token + Sync,
) -> Result<(), IngestError<ng_store::WriteError>> {
    let options = IngestOptions::new().commit_every(3 * DEFAULT_BUFFER_TOKENS - 100);
    let workers = workers(threads).with_stop_flag(stop.clone());
    ingest_with(&workers, &options, sink, BUFFERS * DEFAULT_BUFFER_TOKENS, f)
}

#[test]
fn what_was_committed_stays_whatever_ends_the_ingest() {
    type End = fn(usize, &StopFlag);
    let ends: [(&str, End); 2] = [
        ("a panic", |index, _| {
            assert!(index < 7 * DEFAULT_BUFFER_TOKENS, "on purpose");
        }),
        ("a stop", |index, stop| {
            if index == 7 * DEFAULT_BUFFER_TOKENS {
                stop.stop();
            }
            while index > 7 * DEFAULT_BUFFER_TOKENS && !stop.is_stopped() {
                std::thread::yield_now();
            }
        }),
    ];
    for threads in [1, 2, 3] {
        for (what, end) in ends {
            let (fs, stop) = (SimFs::new(), StopFlag::new());
            let mut sink = OnDisk::create(&fs, &tokens(100));
            let outcome = ingest_twelve(threads, &mut sink, &stop, |index| {
                end(index, &stop);
                token(100 + index)
            });
            assert!(outcome.is_err(), "{what}, {threads} threads");
            let appended = sink.appended_tokens() as usize;
            let whole = appended / DEFAULT_BUFFER_TOKENS / 3 * 3 * DEFAULT_BUFFER_TOKENS;
            assert_eq!(committed(&fs), whole.max(100), "{what}, {threads} threads");

            // And an ingest can continue from it.
            stop.clear();
            let rest = 100 + BUFFERS * DEFAULT_BUFFER_TOKENS - appended;
            let rest = |sink: &mut OnDisk| {
                let f = |index| token(appended + index);
                ingest_with(&workers(threads), &IngestOptions::new(), sink, rest, f)
            };
            rest(&mut sink).unwrap();
            sink.commit().unwrap();
            assert_eq!(committed(&fs), 100 + BUFFERS * DEFAULT_BUFFER_TOKENS);
        }
    }
}

#[test]
fn a_sync_that_fails_in_a_commit_leaves_the_commit_before() {
    for threads in [1, 2, 3] {
        // A commit has two, so these are the third one's.
        for nth in [4, 5] {
            let fs = SimFs::new();
            let mut sink = OnDisk::create(&fs, &tokens(100));
            let at = When::Nth(CallKind::Sync, fs.operations_of(CallKind::Sync) + nth);
            fs.inject(at, Fault::Fail(Failure::Io));
            let outcome = ingest_twelve(threads, &mut sink, &StopFlag::new(), |index| {
                token(100 + index)
            });
            let Err(IngestError::Sink(error)) = outcome else {
                panic!("{threads} threads, sync {nth}: {outcome:?}");
            };
            assert!(sink.0.is_poisoned(), "{error}");
            drop(sink);
            let found = committed(&fs);
            let (sure, unsure) = (6 * DEFAULT_BUFFER_TOKENS, 9 * DEFAULT_BUFFER_TOKENS);
            assert!(found == sure || nth == 5 && found == unsure, "{found}");
        }
    }
}

#[test]
#[should_panic(expected = "a commit every 0 tokens, expected at least 1")]
fn a_commit_every_nothing_panics() {
    let _ = IngestOptions::new().commit_every(0);
}
