//! `gather` copies out what plain indexing does, or nothing.

use ng_parallel::{DEFAULT_SHARD_TOKENS, ParallelError, StopFlag, Workers, gather, serial};
use ng_token::Token;
use proptest::prelude::*;

use crate::{COUNTS, PANIC_TOKENS, THREADS, check_stopped, token, tokens, workers};

/// Indices in no order, with repetitions.
fn scattered(count: usize, len: usize) -> Vec<usize> {
    (0..count).map(|position| position * 7_919 % len).collect()
}

#[test]
fn gather_equals_the_serial_twin_and_the_oracle() {
    let tokens = tokens(10_007);
    for count in COUNTS {
        let indices = scattered(count, tokens.len());
        let oracle: Vec<Token> = indices.iter().map(|&index| tokens[index]).collect();
        let mut twin = Vec::new();
        serial::gather(&StopFlag::new(), &tokens, &indices, &mut twin).unwrap();
        assert!(twin == oracle, "serial, {count} indices");
        for threads in THREADS {
            let mut out = Vec::new();
            gather(&workers(threads), &tokens, &indices, &mut out).unwrap();
            assert!(out == oracle, "{threads} threads, {count} indices");
        }
    }
}

#[test]
fn gather_appends_and_reuses_the_room_of_a_cleared_vector() {
    let tokens = tokens(100);
    for threads in THREADS {
        let workers = workers(threads);
        let mut out = vec![token(7)];
        gather(&workers, &tokens, &[5, 5, 99], &mut out).unwrap();
        assert_eq!(out, [token(7), token(5), token(5), token(99)]);
        let room = out.as_ptr();
        out.clear();
        gather(&workers, &tokens, &[1], &mut out).unwrap();
        assert_eq!(
            (out.as_slice(), out.as_ptr()),
            ([token(1)].as_slice(), room)
        );
    }
}

#[test]
fn the_first_index_out_of_bounds_is_named_and_nothing_is_appended() {
    let tokens = tokens(100);
    let len = tokens.len();
    for threads in THREADS {
        for position in [0, 40_000, PANIC_TOKENS - 1] {
            for index in [len, usize::MAX] {
                let mut indices = scattered(PANIC_TOKENS, len);
                indices[position] = index;
                indices[PANIC_TOKENS - 1] = index;
                let mut out = vec![token(1)];
                let outcome = gather(&workers(threads), &tokens, &indices, &mut out);
                let expected = ParallelError::IndexOutOfBounds {
                    position,
                    index,
                    len,
                };
                assert_eq!(outcome, Err(expected));
                assert_eq!(out, [token(1)]);
            }
        }
    }
}

#[test]
fn no_index_fits_no_tokens() {
    for threads in THREADS {
        let mut out = Vec::new();
        gather(&workers(threads), &[], &[], &mut out).unwrap();
        let error = gather(&workers(threads), &[], &[0], &mut out).unwrap_err();
        assert_eq!(
            error.to_string(),
            "index 0 at position 0, but there are 0 tokens"
        );
    }
}

#[test]
fn a_stop_gathers_nothing() {
    let indices = vec![0; 3 * DEFAULT_SHARD_TOKENS];
    for threads in THREADS {
        let workers = workers(threads);
        workers.stop_flag().stop();
        let mut out = vec![token(1)];
        let outcome = gather(&workers, &tokens(1), &indices, &mut out);
        assert_eq!(check_stopped(outcome, indices.len()), 0);
        assert_eq!(out, [token(1)]);
    }
}

/// Gathers as `check` wants it: all, or an error that names the first index that
/// is too large.
fn check_against_indexing(workers: &Workers, len: usize, indices: &[usize]) {
    let tokens = tokens(len);
    let mut out = Vec::new();
    let outcome = gather(workers, &tokens, indices, &mut out);
    match indices.iter().position(|&index| index >= len) {
        Some(position) => {
            let index = indices[position];
            let expected = ParallelError::IndexOutOfBounds {
                position,
                index,
                len,
            };
            assert_eq!(outcome, Err(expected));
            assert!(out.is_empty());
        }
        None => {
            let oracle: Vec<Token> = indices.iter().map(|&index| tokens[index]).collect();
            assert_eq!((outcome, out), (Ok(()), oracle));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn gather_agrees_with_indexing(
        len in 0_usize..200,
        indices in prop::collection::vec(0_usize..201, 0..300),
        threads in 1_usize..4,
    ) {
        check_against_indexing(&workers(threads), len, &indices);
    }

    #[test]
    fn gather_agrees_with_indexing_within_bounds(
        indices in prop::collection::vec(0_usize..200, 0..300),
        threads in 1_usize..4,
    ) {
        check_against_indexing(&workers(threads), 200, &indices);
    }
}
