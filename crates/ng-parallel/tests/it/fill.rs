//! `fill` appends what the serial twin does, or nothing.

use ng_parallel::{DEFAULT_SHARD_TOKENS, ParallelError, StopFlag, fill, serial};
use ng_store::{TokenStore, VecStore, VecStoreError};

use crate::{
    COUNTS, PANIC_SHARDS, PANIC_TOKENS, THREADS, check_stopped, panicked, token, tokens, workers,
};

#[test]
fn fill_equals_the_serial_twin_and_the_oracle() {
    for count in COUNTS {
        let oracle = tokens(count);
        let mut twin = VecStore::new();
        serial::fill(&StopFlag::new(), &mut twin, count, token).unwrap();
        assert!(twin.tokens() == oracle, "serial, {count} tokens");
        for threads in THREADS {
            let mut store = VecStore::new();
            fill(&workers(threads), &mut store, count, token).unwrap();
            assert!(
                store.tokens() == oracle,
                "{threads} threads, {count} tokens"
            );
        }
    }
}

#[test]
fn fill_appends_behind_what_is_there() {
    let (before, count) = (10, 100_000);
    for threads in THREADS {
        let mut store = VecStore::from_vec(tokens(before));
        fill(&workers(threads), &mut store, count, |i| token(before + i)).unwrap();
        assert!(store.tokens() == tokens(before + count));
    }
}

#[test]
fn a_panic_leaves_the_store_unchanged_and_names_the_shard() {
    for threads in THREADS {
        for shard in PANIC_SHARDS {
            let workers = workers(threads);
            let mut store = VecStore::from_vec(tokens(3));
            let panic_at = shard * DEFAULT_SHARD_TOKENS + 5;
            let outcome = fill(&workers, &mut store, PANIC_TOKENS, |index| {
                assert!(index != panic_at, "on purpose at {index}");
                token(index)
            });
            let expected = panicked(shard, &format!("on purpose at {panic_at}"));
            assert_eq!(outcome, Err(expected));
            assert!(store.tokens() == tokens(3));

            fill(&workers, &mut store, 5, |index| token(3 + index)).unwrap();
            assert!(store.tokens() == tokens(8));
        }
    }
}

#[test]
fn a_stop_before_the_start_fills_nothing() {
    for threads in THREADS {
        let workers = workers(threads);
        workers.stop_flag().stop();
        let mut store = VecStore::new();
        let outcome = fill(&workers, &mut store, PANIC_TOKENS, token);
        assert_eq!(check_stopped(outcome, PANIC_TOKENS), 0);
        assert!(store.is_empty());
        fill(&workers, &mut store, 0, token).unwrap();
    }
}

#[test]
fn a_stop_in_the_middle_fills_nothing() {
    let count = 64 * DEFAULT_SHARD_TOKENS;
    let stop_at = 3 * DEFAULT_SHARD_TOKENS + 5;
    for threads in THREADS {
        let workers = workers(threads);
        let stop = workers.stop_flag();
        let mut store = VecStore::new();
        let outcome = fill(&workers, &mut store, count, |index| {
            if index == stop_at {
                stop.stop();
            }
            while index > stop_at && !stop.is_stopped() {
                std::thread::yield_now();
            }
            token(index)
        });
        let done = check_stopped(outcome, count);
        assert!((4..=4 + threads).contains(&done), "{done} done");
        assert!(store.is_empty());
    }
}

#[test]
fn no_memory_is_an_error_of_the_store() {
    for threads in [1, 2] {
        let mut store = VecStore::new();
        let outcome = fill(&workers(threads), &mut store, 1 << 56, token);
        let size_bytes = 1 << 62;
        let expected = VecStoreError::OutOfMemory { size_bytes };
        assert_eq!(outcome, Err(ParallelError::Store(expected)));
    }
}

/// Filled again, a store of 34 MiB is written past the caches.
#[test]
fn a_refill_past_the_caches_equals_the_oracle_or_changes_nothing() {
    let count = 17 * DEFAULT_SHARD_TOKENS + 5;
    let panic_at = 9 * DEFAULT_SHARD_TOKENS + 5;
    for threads in THREADS {
        let workers = workers(threads);
        let mut store = VecStore::new();
        for round in 0..2_u32 {
            let again = |index: usize| token(index).with_timestamp(round);
            fill(&workers, &mut store, count, again).unwrap();
            let is_wrong = |index: &usize| store.tokens()[*index] != again(*index);
            assert_eq!((0..count).find(is_wrong), None, "{threads} threads");
            store.clear();
        }
        let outcome = fill(&workers, &mut store, count, |index| {
            assert!(index != panic_at, "on purpose at {index}");
            token(index)
        });
        let expected = panicked(9, &format!("on purpose at {panic_at}"));
        assert_eq!(outcome, Err(expected), "{threads} threads");
        assert!(store.is_empty());
        fill(&workers, &mut store, 70, token).unwrap();
        assert!(store.tokens() == tokens(70));
    }
}
