//! `for_each_shard` visits every shard once.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use ng_parallel::{DEFAULT_SHARD_TOKENS, Shard, Shards, StopFlag, for_each_shard, serial};
use ng_token::Token;

use crate::{
    COUNTS, PANIC_SHARDS, PANIC_TOKENS, THREADS, check_stopped, panicked, tokens, workers,
};

/// Runs `operation` with a closure that notes the shards it sees, and checks
/// them against the plan.
fn check_visits(tokens: &[Token], operation: impl FnOnce(&(dyn Fn(Shard, &[Token]) + Sync))) {
    let seen = Mutex::new(Vec::new());
    operation(&|shard, slice| {
        assert!(slice == &tokens[shard.range.clone()]);
        seen.lock().unwrap().push(shard);
    });
    let mut seen = seen.into_inner().unwrap();
    seen.sort_by_key(|shard| shard.number);
    let planned: Vec<_> = Shards::new(tokens.len()).iter().collect();
    assert_eq!(seen, planned);
}

#[test]
fn every_shard_is_visited_once_with_its_own_tokens() {
    for count in COUNTS {
        let tokens = tokens(count);
        check_visits(&tokens, |f| {
            serial::for_each_shard(&StopFlag::new(), &tokens, f).unwrap();
        });
        for threads in THREADS {
            check_visits(&tokens, |f| {
                for_each_shard(&workers(threads), &tokens, f).unwrap();
            });
        }
    }
}

#[test]
fn a_panic_names_the_shard() {
    let tokens = tokens(PANIC_TOKENS);
    for threads in THREADS {
        for panicking in PANIC_SHARDS {
            let outcome = for_each_shard(&workers(threads), &tokens, |shard, _| {
                assert!(shard.number != panicking, "on purpose");
            });
            assert_eq!(outcome, Err(panicked(panicking, "on purpose")));
        }
    }
}

#[test]
fn of_many_panics_the_first_shard_is_named() {
    let tokens = tokens(PANIC_TOKENS);
    for threads in THREADS {
        for _ in 0..20 {
            let outcome = for_each_shard(&workers(threads), &tokens, |shard, _| {
                assert!(shard.number < 1, "on purpose");
            });
            assert_eq!(outcome, Err(panicked(1, "on purpose")));
        }
    }
}

#[test]
fn shards_after_a_panic_are_not_begun() {
    let tokens = tokens(64 * DEFAULT_SHARD_TOKENS);
    for threads in [1, 2, 3] {
        let begun = AtomicUsize::new(0);
        let outcome = for_each_shard(&workers(threads), &tokens, |_, _| {
            begun.fetch_add(1, Ordering::Relaxed);
            panic!("on purpose");
        });
        assert_eq!(outcome, Err(panicked(0, "on purpose")));
        assert!(begun.into_inner() <= threads);
    }
}

#[test]
fn a_panic_without_text_is_an_error_too() {
    for threads in [1, 2] {
        let outcome = for_each_shard(&workers(threads), &tokens(1), |_, _| {
            std::panic::panic_any(7);
        });
        assert_eq!(outcome, Err(panicked(0, "no message")));
    }
}

#[test]
fn a_set_flag_stops_before_the_first_shard() {
    for threads in THREADS {
        let workers = workers(threads);
        workers.stop_flag().stop();
        let outcome = for_each_shard(&workers, &tokens(PANIC_TOKENS), |_, _| {
            panic!("the flag was set");
        });
        assert_eq!(check_stopped(outcome, PANIC_TOKENS), 0);
    }
}

#[test]
fn a_closure_that_sets_the_flag_ends_the_work_at_the_next_boundary() {
    let count = 64 * DEFAULT_SHARD_TOKENS;
    let tokens = tokens(count);
    for threads in THREADS {
        let workers = workers(threads);
        let stop = workers.stop_flag();
        let outcome = for_each_shard(&workers, &tokens, |shard, _| {
            if shard.number == 3 {
                stop.stop();
            }
            while shard.number > 3 && !stop.is_stopped() {
                std::thread::yield_now();
            }
        });
        let done = check_stopped(outcome, count);
        assert!((4..=4 + threads).contains(&done), "{done} done");
    }
}

#[test]
fn a_flag_set_in_the_last_shard_stops_nothing() {
    for threads in THREADS {
        let workers = workers(threads);
        let stop = workers.stop_flag();
        for_each_shard(&workers, &tokens(1), |_, _| stop.stop()).unwrap();
        assert!(stop.is_stopped());
    }
}

#[test]
fn a_cleared_flag_lets_work_begin_again() {
    for threads in THREADS {
        let workers = workers(threads);
        let stop = workers.stop_flag();
        stop.stop();
        stop.clear();
        for_each_shard(&workers, &tokens(PANIC_TOKENS), |_, _| ()).unwrap();
    }
}
