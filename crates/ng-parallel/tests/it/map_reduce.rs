//! `map_reduce` gives the same answer for any number of threads, and so does a pass over a
//! map.

#![expect(unsafe_code, reason = "the constructor that maps")]

use ng_parallel::{
    DEFAULT_SHARD_TOKENS, ParallelError, PassError, StopFlag, map_reduce, map_reduce_pass, serial,
};
use ng_store::{CachePolicy, CreateOptions, MmapStore, Snapshot, VecStore};
use ng_token::Token;

use crate::{
    COUNTS, PANIC_SHARDS, PANIC_TOKENS, THREADS, check_stopped, panicked, tokens, workers,
};

fn sum_ids(tokens: &[Token]) -> u64 {
    tokens.iter().map(|token| u64::from(token.id().raw())).sum()
}

#[test]
fn sums_equal_the_serial_twin_and_the_oracle() {
    for count in COUNTS {
        let tokens = tokens(count);
        let oracle = (count > 0).then(|| sum_ids(&tokens));
        let (map, add) = (|_, slice: &[Token]| sum_ids(slice), |l, r| l + r);
        let twin = serial::map_reduce(&StopFlag::new(), &tokens, map, add);
        assert_eq!(twin, Ok(oracle));
        for threads in THREADS {
            let sum = map_reduce(&workers(threads), &tokens, map, add);
            assert_eq!(sum, Ok(oracle), "{threads} threads, {count} tokens");
        }
    }
}

#[test]
fn results_are_reduced_from_left_to_right() {
    let tokens = tokens(PANIC_TOKENS);
    for threads in THREADS {
        let trace = map_reduce(
            &workers(threads),
            &tokens,
            |shard, _| shard.number.to_string(),
            |left, right| format!("({left} {right})"),
        );
        assert_eq!(trace.unwrap().unwrap(), "((((0 1) 2) 3) 4)");
    }
}

/// Returns the bits of a sum whose value depends on the order of its parts.
fn float_bits(threads: usize, tokens: &[Token]) -> u32 {
    let part = |token: &Token| 1.0 / (1.0 + token.id().raw() as f32);
    let sum = map_reduce(
        &workers(threads),
        tokens,
        |_, slice| slice.iter().map(part).sum::<f32>(),
        |left, right| left + right,
    );
    sum.unwrap().unwrap().to_bits()
}

#[test]
fn a_float_sum_is_the_same_to_the_last_bit_for_any_number_of_threads() {
    let tokens = tokens(9 * DEFAULT_SHARD_TOKENS + 3);
    let expected = float_bits(1, &tokens);
    for threads in THREADS {
        for _ in 0..5 {
            assert_eq!(float_bits(threads, &tokens), expected, "{threads} threads");
        }
    }
}

#[test]
fn a_panicking_map_names_the_shard() {
    let tokens = tokens(PANIC_TOKENS);
    for threads in THREADS {
        for panicking in PANIC_SHARDS {
            let outcome = map_reduce(
                &workers(threads),
                &tokens,
                |shard, _| assert!(shard.number != panicking, "on purpose"),
                |(), ()| (),
            );
            assert_eq!(outcome, Err(panicked(panicking, "on purpose")));
        }
    }
}

#[test]
fn a_panicking_reduction_names_the_right_hand_shard() {
    let tokens = tokens(PANIC_TOKENS);
    for threads in THREADS {
        for panicking in [1, 2, 4] {
            let outcome = map_reduce(
                &workers(threads),
                &tokens,
                |shard, _| shard.number,
                |_, right| {
                    assert!(right != panicking, "on purpose");
                    right
                },
            );
            assert_eq!(outcome, Err(panicked(panicking, "on purpose")));
        }
    }
}

#[test]
fn a_stop_gives_no_partial_result() {
    let count = 64 * DEFAULT_SHARD_TOKENS;
    let tokens = tokens(count);
    for threads in THREADS {
        let workers = workers(threads);
        let stop = workers.stop_flag();
        let map = |_, slice: &[Token]| {
            stop.stop();
            sum_ids(slice)
        };
        let done = check_stopped(map_reduce(&workers, &tokens, map, |l, r| l + r), count);
        assert!((1..=threads).contains(&done), "{done} done");
        let none_done = check_stopped(map_reduce(&workers, &tokens, map, |l, r| l + r), count);
        assert_eq!(none_done, 0);
    }
}

/// The tokens of a file of their own, mapped.
fn mapped(tokens: &[Token]) -> Snapshot {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.ngt");
    let options = CreateOptions::new().max_tokens(1 << 20);
    let store = VecStore::from_vec(tokens.to_vec());
    store.save(&path, &options).unwrap();
    // SAFETY: (1) Nobody but the test knows the file, and nobody changes it.
    unsafe { MmapStore::open(&path) }.unwrap().snapshot()
}

#[test]
fn a_pass_over_a_map_gives_what_its_tokens_give() {
    for count in COUNTS {
        let tokens = tokens(count);
        let snapshot = mapped(&tokens);
        let (map, add) = (|_, slice: &[Token]| sum_ids(slice), |l, r| l + r);
        let oracle = (count > 0).then(|| sum_ids(&tokens));
        for policy in [CachePolicy::Auto, CachePolicy::Keep, CachePolicy::Bypass] {
            let pass = snapshot.pass(policy);
            let twin = serial::map_reduce_pass(&StopFlag::new(), &pass, map, add);
            assert_eq!(twin.unwrap(), oracle);
            for threads in THREADS {
                let sum = map_reduce_pass(&workers(threads), &pass, map, add);
                assert_eq!(sum.unwrap(), oracle, "{threads} threads, {count} tokens");
            }
        }
    }
}

#[test]
fn a_pass_that_panics_or_is_stopped_says_so() {
    let snapshot = mapped(&tokens(PANIC_TOKENS));
    for threads in THREADS {
        let pass = snapshot.pass(CachePolicy::Bypass);
        let workers = workers(threads);
        let fail = |shard: ng_parallel::Shard, _: &[Token]| {
            assert!(shard.number != 2, "on purpose");
        };
        let error = map_reduce_pass(&workers, &pass, fail, |(), ()| ()).unwrap_err();
        let is_it = matches!(
            &error,
            PassError::Parallel(ParallelError::Panicked { shard: 2, .. })
        );
        assert!(is_it, "{error}");
        workers.stop_flag().stop();
        let error = map_reduce_pass(&workers, &pass, |_, _| (), |(), ()| ()).unwrap_err();
        let is_it = matches!(&error, PassError::Parallel(ParallelError::Stopped { .. }));
        assert!(is_it, "{error}");
    }
}

/// Breaks the promise on purpose: an access would raise a signal.
#[test]
fn a_map_that_lost_its_end_is_an_error_of_the_pass() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.ngt");
    let options = CreateOptions::new().max_tokens(1 << 20);
    let store = VecStore::from_vec(tokens(PANIC_TOKENS));
    store.save(&path, &options).unwrap();
    // SAFETY: (1) Broken below, by the test, which looks at nothing that is cut off.
    let snapshot = unsafe { MmapStore::open(&path) }.unwrap().snapshot();
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    let left = 2 * DEFAULT_SHARD_TOKENS as u64 * 64;
    file.set_len((2 << 20) + left).unwrap();
    for threads in THREADS {
        let pass = snapshot.pass(CachePolicy::Bypass);
        let error = map_reduce_pass(&workers(threads), &pass, |_, _| (), |(), ()| ());
        let PassError::Io { tokens, .. } = error.unwrap_err() else {
            panic!("{threads} threads: expected an error of the map");
        };
        assert_eq!(tokens.start, 2 * DEFAULT_SHARD_TOKENS, "{threads} threads");
    }
}
