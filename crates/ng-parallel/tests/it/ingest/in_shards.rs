//! `ingest_shards` makes the shards of a plan, the same ones wherever they go.

use ng_parallel::{
    DEFAULT_SHARD_TOKENS, IngestError, IngestOptions, Shard, Shards, StopFlag, ingest_shards,
    ingest_shards_with, serial,
};
use ng_store::{BLOCK_TOKENS, TokenSink};
use ng_token::Token;

use super::sinks::Recorder;
use crate::{STARTS, THREADS, tokens, workers};

fn small_shards(count: usize) -> Shards {
    Shards::with_shard_tokens(count * BLOCK_TOKENS, BLOCK_TOKENS)
}

/// A generator of numbers that look random, seeded with the number of the shard; every
/// third token is left as it is.
fn random(shard: Shard, room: &mut [Token]) {
    assert_eq!(shard.range.len(), room.len());
    let mut state = shard.number as u64;
    for token in room
        .iter_mut()
        .filter(|token| **token == Token::ZERO)
        .step_by(3)
    {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        *token = Token::new((state >> 32) as u32);
    }
}

/// What the generator makes of a plan, without any ingest.
fn made(shards: Shards) -> Vec<Token> {
    let shard = |shard: Shard| {
        let mut room = vec![Token::ZERO; shard.range.len()];
        random(shard, &mut room);
        room
    };
    shards.iter().flat_map(shard).collect()
}

#[test]
fn random_tokens_are_the_same_for_any_threads_sinks_and_buffers() {
    for shards in [
        Shards::new(0),
        Shards::new(1),
        Shards::new(3 * DEFAULT_SHARD_TOKENS + 77),
        Shards::with_shard_tokens(20 * BLOCK_TOKENS + 5, BLOCK_TOKENS),
    ] {
        let oracle = made(shards);
        for start in [0, 1, 5_000] {
            let before = tokens(start);
            let check = |sink: &Recorder, context: &str| {
                assert!(sink.tokens()[..start] == before, "{context}");
                assert!(sink.tokens()[start..] == oracle, "{context}");
                let lengths = shards.iter().map(|shard| shard.range.len());
                assert!(lengths.eq(sink.appends().iter().copied()), "{context}");
                assert!(sink.commits().is_empty(), "{context}");
            };
            let mut twin = Recorder::holding(&before);
            serial::ingest_shards(&StopFlag::new(), &mut twin, shards, random).unwrap();
            check(&twin, "serial");
            for (how, start_workers) in STARTS {
                for threads in THREADS {
                    let options = IngestOptions::new().buffer_tokens(2 * BLOCK_TOKENS);
                    let mut sink = Recorder::holding(&before);
                    let workers = start_workers(threads);
                    ingest_shards_with(&workers, &options, &mut sink, shards, random).unwrap();
                    check(&sink, &format!("{threads} threads {how}, from {start}"));
                }
            }
        }
    }
}

#[test]
fn a_panic_names_the_shard_of_the_plan_and_all_before_it_are_appended() {
    for threads in THREADS {
        for number in [0, 2, 4] {
            let mut sink = Recorder::holding(&tokens(100));
            let shards = small_shards(5);
            let outcome = ingest_shards(&workers(threads), &mut sink, shards, |shard, room| {
                assert!(shard.number != number, "on purpose");
                random(shard, room);
            });
            let expected = IngestError::Panicked {
                shard: shards.get(number).unwrap(),
                message: "on purpose".to_owned(),
            };
            assert_eq!(outcome, Err(expected), "{threads} threads");
            assert!(sink.tokens()[100..] == made(small_shards(number)));
        }
    }
}

#[test]
fn a_stop_leaves_whole_shards() {
    for threads in THREADS {
        let workers = workers(threads);
        let stop = workers.stop_flag();
        let (mut sink, shards) = (Recorder::new(), small_shards(300));
        let outcome = ingest_shards(&workers, &mut sink, shards, |shard, room| {
            if shard.number == 100 {
                stop.stop();
            }
            while shard.number > 100 && !stop.is_stopped() {
                std::thread::yield_now();
            }
            random(shard, room);
        });
        let appended = sink.appended_tokens() as usize;
        let count = shards.token_count();
        assert_eq!(outcome, Err(IngestError::Stopped { appended, count }));
        assert!(appended < count && appended.is_multiple_of(BLOCK_TOKENS));
        assert!(sink.tokens() == made(small_shards(appended / BLOCK_TOKENS)));
    }
}
