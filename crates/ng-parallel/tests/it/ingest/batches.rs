//! `ingest_batches` appends what its closure makes, or returns why not.

use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use ng_parallel::{
    DEFAULT_BUFFER_TOKENS, IngestError, Shard, StopFlag, ingest_batches, ingest_batches_with,
    serial,
};
use ng_store::disk::Disk;
use ng_store::disk::sim::SimFs;
use ng_store::{BLOCK_TOKENS, TokenSink};
use ng_token::Token;

use super::failures::most_under_way;
use super::sinks::{OnDisk, Recorder, Refused};
use super::small;
use crate::{STARTS, THREADS, token, tokens, workers};

const COUNTS: [usize; 5] = [
    0,
    1,
    BLOCK_TOKENS,
    DEFAULT_BUFFER_TOKENS + 1,
    3 * DEFAULT_BUFFER_TOKENS + BLOCK_TOKENS + 77,
];

const STARTS_AT: [usize; 4] = [0, 1, BLOCK_TOKENS - 1, 5_000];

/// The only error of a closure.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("token {0} cannot be made")]
struct Unmakeable(usize);

type Outcome<M> = Result<(), IngestError<Refused, M>>;

/// Returns what makes the tokens behind `start` others.
fn make(start: usize) -> impl Fn(Range<usize>, &mut Vec<Token>) -> Result<(), Unmakeable> + Sync {
    move |range, tokens| {
        assert!(tokens.is_empty(), "a buffer came back full");
        assert!(tokens.capacity() >= range.len());
        tokens.extend(range.map(|index| token(start + index)));
        Ok(())
    }
}

#[test]
fn tokens_appends_and_hashes_are_those_of_the_serial_twin() {
    for start in STARTS_AT {
        for count in COUNTS {
            let oracle = tokens(start + count);
            let mut twin = Recorder::holding(&oracle[..start]);
            serial::ingest_batches(&StopFlag::new(), &mut twin, count, make(start)).unwrap();
            assert!(twin.tokens() == oracle, "serial, {count} at {start}");
            let first = start.div_ceil(BLOCK_TOKENS);
            let blocks = ((start + count) / BLOCK_TOKENS).saturating_sub(first);
            for (how, start_workers) in STARTS {
                for threads in THREADS {
                    let mut sink = Recorder::holding(&oracle[..start]);
                    let workers = start_workers(threads);
                    ingest_batches(&workers, &mut sink, count, make(start)).unwrap();
                    let context = format!("{threads} threads {how}, {count} at {start}");
                    assert!(sink.tokens() == oracle, "{context}");
                    assert_eq!(sink.appends(), twin.appends(), "{context}");
                    assert_eq!(sink.hashed(), blocks, "{context}");
                    assert!(sink.commits().is_empty(), "{context}");
                }
            }
        }
    }
}

#[test]
fn a_file_is_the_same_bytes_as_one_that_was_appended_to() {
    let bytes = |append: &dyn Fn(&mut OnDisk)| {
        let fs = SimFs::new();
        let mut sink = OnDisk::create(&fs, &tokens(100));
        append(&mut sink);
        sink.commit().unwrap();
        let disk = sink.0.disk();
        let mut bytes = vec![0; disk.len().unwrap() as usize];
        assert_eq!(disk.read_at(&mut bytes, 0).unwrap(), bytes.len());
        bytes
    };
    let count = 3 * DEFAULT_BUFFER_TOKENS + BLOCK_TOKENS + 77;
    let oracle = bytes(&|sink| sink.append(&tokens(100 + count)[100..]).unwrap());
    for threads in THREADS {
        let file = bytes(&|sink| {
            ingest_batches(&workers(threads), sink, count, make(100)).unwrap();
        });
        assert!(file == oracle, "{threads} threads");
    }
}

#[test]
fn a_closure_that_fails_names_its_tokens_and_all_before_them_are_appended() {
    for threads in THREADS {
        for number in [0, 2, 39] {
            let (mut sink, calls) = (Recorder::new(), AtomicUsize::new(0));
            let range = number * BLOCK_TOKENS..(number + 1) * BLOCK_TOKENS;
            let outcome = ingest_batches_with(
                &workers(threads),
                &small(),
                &mut sink,
                300 * BLOCK_TOKENS,
                |range, tokens| {
                    calls.fetch_add(1, Ordering::Relaxed);
                    match range.start >= number * BLOCK_TOKENS {
                        true => Err(Unmakeable(range.start)),
                        false => make(0)(range, tokens),
                    }
                },
            );
            let expected = IngestError::Failed {
                source: Unmakeable(range.start),
                shard: Shard::new(number, range),
            };
            assert_eq!(outcome, Err(expected), "{threads} threads");
            assert!(sink.tokens() == tokens(number * BLOCK_TOKENS));
            assert!(sink.commits().is_empty());
            let most = number + most_under_way(threads);
            assert!((number + 1..=most).contains(&calls.into_inner()));
        }
    }
}

#[test]
fn a_closure_that_makes_more_or_fewer_is_refused() {
    for threads in THREADS {
        for found in [0, BLOCK_TOKENS - 1, BLOCK_TOKENS + 1] {
            let mut sink = Recorder::new();
            let number = 3;
            let outcome: Outcome<Unmakeable> = ingest_batches_with(
                &workers(threads),
                &small(),
                &mut sink,
                5 * BLOCK_TOKENS,
                |range, tokens| {
                    make(0)(range.clone(), tokens)?;
                    if range.start == number * BLOCK_TOKENS {
                        tokens.resize(found, Token::ZERO);
                    }
                    Ok(())
                },
            );
            let range = number * BLOCK_TOKENS..(number + 1) * BLOCK_TOKENS;
            let shard = Shard::new(number, range);
            assert_eq!(outcome, Err(IngestError::WrongCount { shard, found }));
            assert!(sink.tokens() == tokens(number * BLOCK_TOKENS));
        }
    }
}

#[test]
fn a_panic_names_its_tokens_and_all_before_them_are_appended() {
    for threads in THREADS {
        let mut sink = Recorder::new();
        let outcome: Outcome<Unmakeable> = ingest_batches_with(
            &workers(threads),
            &small(),
            &mut sink,
            9 * BLOCK_TOKENS,
            |range, tokens| {
                assert!(range.start < 4 * BLOCK_TOKENS, "on purpose");
                make(0)(range, tokens)
            },
        );
        let expected = IngestError::Panicked {
            shard: Shard::new(4, 4 * BLOCK_TOKENS..5 * BLOCK_TOKENS),
            message: "on purpose".to_owned(),
        };
        assert_eq!(outcome, Err(expected), "{threads} threads");
        assert!(sink.tokens() == tokens(4 * BLOCK_TOKENS));
    }
}

#[test]
fn a_stop_in_the_middle_leaves_whole_buffers() {
    let (count, stop_at) = (300 * BLOCK_TOKENS, 100 * BLOCK_TOKENS);
    for threads in THREADS {
        let workers = workers(threads);
        let stop = workers.stop_flag();
        let mut sink = Recorder::new();
        let outcome = ingest_batches_with(&workers, &small(), &mut sink, count, |range, tokens| {
            if range.start == stop_at {
                stop.stop();
            }
            while range.start > stop_at && !stop.is_stopped() {
                std::thread::yield_now();
            }
            make(0)(range, tokens)
        });
        let appended = sink.appended_tokens() as usize;
        assert_eq!(outcome, Err(IngestError::Stopped { appended, count }));
        assert!(appended < count && appended.is_multiple_of(BLOCK_TOKENS));
        assert!(sink.tokens() == tokens(appended));
    }
}

#[test]
fn an_error_of_the_sink_comes_back_as_it_is() {
    for threads in THREADS {
        for append in [0, 7] {
            let mut sink = Recorder::refusing(append);
            let count = 300 * BLOCK_TOKENS;
            let outcome =
                ingest_batches_with(&workers(threads), &small(), &mut sink, count, make(0));
            assert_eq!(outcome, Err(IngestError::Sink(Refused { append })));
            assert!(sink.tokens() == tokens(append * BLOCK_TOKENS));
        }
    }
}

#[test]
fn errors_say_where_and_how_far() {
    type Error = IngestError<io::Error, Unmakeable>;
    let shard = Shard::new(3, 7..9);
    let failed = Error::Failed {
        shard: shard.clone(),
        source: Unmakeable(8),
    };
    assert_eq!(
        failed.to_string(),
        "shard 3, tokens 7..9: token 8 cannot be made"
    );
    let wrong = Error::WrongCount { shard, found: 5 };
    assert_eq!(
        wrong.to_string(),
        "shard 3, tokens 7..9, has 5 tokens, expected 2"
    );
}
