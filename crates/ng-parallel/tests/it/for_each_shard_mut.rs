//! `for_each_shard_mut` changes every shard once.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use ng_parallel::{DEFAULT_SHARD_TOKENS, Shard, Shards, StopFlag, for_each_shard_mut, serial};
use ng_token::Token;

use crate::{
    COUNTS, PANIC_SHARDS, PANIC_TOKENS, STARTS, THREADS, check_stopped, panicked, token, tokens,
    workers,
};

/// Changes a shard by its number, its range, and what it holds.
fn change(shard: Shard, slice: &mut [Token]) {
    assert_eq!(shard.range.len(), slice.len());
    for (token, index) in slice.iter_mut().zip(shard.range) {
        assert_eq!(token.id().raw() as usize, index);
        *token = changed(index);
        assert_eq!(index / DEFAULT_SHARD_TOKENS, shard.number);
    }
}

fn changed(index: usize) -> Token {
    token(index).with_timestamp(index as u32 ^ 0x5a5a)
}

#[test]
fn every_shard_is_changed_once_as_the_serial_twin_does() {
    for count in COUNTS {
        let oracle: Vec<_> = (0..count).map(changed).collect();
        let mut twin = tokens(count);
        serial::for_each_shard_mut(&StopFlag::new(), &mut twin, change).unwrap();
        assert!(twin == oracle);
        for (how, start) in STARTS {
            for threads in THREADS {
                let (mut tokens, seen) = (tokens(count), Mutex::new(Vec::new()));
                for_each_shard_mut(&start(threads), &mut tokens, |shard, slice| {
                    seen.lock().unwrap().push(shard.clone());
                    change(shard, slice);
                })
                .unwrap();
                assert!(tokens == oracle, "{threads} threads {how}, {count} tokens");
                let mut seen = seen.into_inner().unwrap();
                seen.sort_by_key(|shard| shard.number);
                assert!(seen.into_iter().eq(Shards::new(count)));
            }
        }
    }
}

#[test]
fn a_panic_names_the_shard_and_the_others_are_whole() {
    for threads in THREADS {
        for panicking in PANIC_SHARDS {
            let mut tokens = tokens(PANIC_TOKENS);
            let outcome = for_each_shard_mut(&workers(threads), &mut tokens, |shard, slice| {
                assert!(shard.number != panicking, "on purpose");
                change(shard, slice);
            });
            assert_eq!(outcome, Err(panicked(panicking, "on purpose")));
            let before = &tokens[..panicking * DEFAULT_SHARD_TOKENS];
            let mut oracle = (0..).map(changed);
            assert!(before.iter().all(|&token| Some(token) == oracle.next()));
            let behind = tokens.chunks(DEFAULT_SHARD_TOKENS).skip(panicking);
            for (shard, number) in behind.zip(panicking..) {
                let first = number * DEFAULT_SHARD_TOKENS;
                let is = |of: fn(usize) -> Token| {
                    let mut expected = (first..).map(of);
                    shard.iter().all(|&token| Some(token) == expected.next())
                };
                let is_left = is(token);
                assert!(
                    is_left || number > panicking && is(changed),
                    "shard {number}"
                );
            }
        }
    }
}

#[test]
fn of_many_panics_the_first_shard_is_named() {
    for threads in THREADS {
        for _ in 0..20 {
            let mut tokens = tokens(PANIC_TOKENS);
            let outcome = for_each_shard_mut(&workers(threads), &mut tokens, |shard, _| {
                assert!(shard.number < 1, "on purpose");
            });
            assert_eq!(outcome, Err(panicked(1, "on purpose")));
        }
    }
}

#[test]
fn a_set_flag_stops_before_the_first_shard() {
    for threads in THREADS {
        let workers = workers(threads);
        workers.stop_flag().stop();
        let mut tokens = tokens(PANIC_TOKENS);
        let outcome = for_each_shard_mut(&workers, &mut tokens, |_, _| {
            panic!("the flag was set");
        });
        assert_eq!(check_stopped(outcome, PANIC_TOKENS), 0);
    }
}

#[test]
fn a_closure_that_sets_the_flag_ends_the_work_at_the_next_boundary() {
    let count = 64 * DEFAULT_SHARD_TOKENS;
    let mut tokens = tokens(count);
    for threads in THREADS {
        let workers = workers(threads);
        let (stop, begun) = (workers.stop_flag(), AtomicUsize::new(0));
        let outcome = for_each_shard_mut(&workers, &mut tokens, |shard, _| {
            begun.fetch_add(1, Ordering::Relaxed);
            if shard.number == 3 {
                stop.stop();
            }
            while shard.number > 3 && !stop.is_stopped() {
                std::thread::yield_now();
            }
        });
        let done = check_stopped(outcome, count);
        assert_eq!(done, begun.into_inner());
        assert!((4..=4 + threads).contains(&done), "{done} done");
    }
}
