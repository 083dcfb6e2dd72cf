use ng_token::Token;

use crate::{BLOCK_TOKENS, TokenSink, TokenStore};

use super::random::Random;
use super::subject::{Operation, Subject};
use super::{Check, Claim};

use Operation::{
    Append, AppendHashed, AppendMiscounted, AppendPanicking, AppendTooMuch, AppendWith, Commit,
    Reserve, ReserveTooMuch,
};

/// How many random sequences are tried, with seeds from 0 on.
const SEEDS: u64 = 24;

/// How many operations a random sequence has.
const OPERATIONS: usize = 32;

/// Returns every claim of the suite.
pub fn claims<S: TokenStore + TokenSink>() -> Vec<Claim<S>> {
    let table: [(&'static str, Check<S>); 13] = [
        ("a_new_store_is_empty", new_is_empty),
        ("commit_shows_what_was_appended_in_order", order),
        ("lengths_around_blocks_and_pages_are_kept", lengths),
        ("append_with_equals_append", append_with),
        ("append_hashed_equals_append_at_any_start", append_hashed),
        ("a_wrong_number_of_hashes_is_refused", miscounted),
        ("appending_nothing_changes_nothing", nothing),
        ("a_panicking_closure_leaves_the_store_unchanged", panicking),
        ("reserving_changes_no_token", reserve),
        ("what_cannot_fit_is_an_error_and_changes_nothing", too_much),
        ("get_agrees_with_tokens_and_ends_at_len", get),
        ("memory_usage_counts_the_tokens", memory_usage),
        ("random_operations_agree_with_a_vector", random_operations),
    ];
    table.map(|(name, check)| Claim { name, check }).to_vec()
}

fn check<S: TokenStore + TokenSink>(make: &dyn Fn() -> S, operations: &[Operation]) -> Subject<S> {
    let mut subject = Subject::new(make);
    subject.run(operations, &operations);
    subject
}

fn new_is_empty<S: TokenStore + TokenSink>(make: &dyn Fn() -> S) {
    check(make, &[]);
    check(make, &[Commit, Commit]);
}

fn order<S: TokenStore + TokenSink>(make: &dyn Fn() -> S) {
    check(make, &[Append(1)]);
    check(
        make,
        &[Append(3), Append(5), Commit, Append(7), Commit, Commit],
    );
    check(make, &[Append(100), AppendWith(100), AppendHashed(100)]);
}

fn lengths<S: TokenStore + TokenSink>(make: &dyn Fn() -> S) {
    for unit in [1, 64, BLOCK_TOKENS, 2 * BLOCK_TOKENS] {
        for count in [unit - 1, unit, unit + 1] {
            check(make, &[Append(count), Commit, Append(1)]);
            check(make, &[Append(1), Commit, Append(count)]);
            check(make, &[AppendWith(count), AppendWith(count)]);
        }
    }
}

fn append_with<S: TokenStore + TokenSink>(make: &dyn Fn() -> S) {
    for count in [0, 1, 65, BLOCK_TOKENS, 3 * BLOCK_TOKENS + 7] {
        let appended = check(make, &[Append(5), Append(count)]);
        let filled = check(make, &[Append(5), AppendWith(count)]);
        assert!(
            appended.store().tokens() == filled.store().tokens(),
            "append_with({count}) differs from append"
        );
    }
}

fn append_hashed<S: TokenStore + TokenSink>(make: &dyn Fn() -> S) {
    for start in [0, 1, BLOCK_TOKENS - 1, BLOCK_TOKENS] {
        for count in [0, 1, BLOCK_TOKENS - 1, BLOCK_TOKENS, 2 * BLOCK_TOKENS + 1] {
            check(make, &[Append(start), AppendHashed(count), Append(3)]);
            check(make, &[Append(start), Commit, AppendHashed(count), Commit]);
        }
    }
}

fn miscounted<S: TokenStore + TokenSink>(make: &dyn Fn() -> S) {
    for count in [0, 1, BLOCK_TOKENS] {
        check(make, &[Append(9), AppendMiscounted(count), AppendHashed(4)]);
    }
}

fn nothing<S: TokenStore + TokenSink>(make: &dyn Fn() -> S) {
    let zeros = [Reserve(0), Append(0), AppendWith(0), AppendHashed(0)];
    check(make, &zeros);
    for zero in zeros {
        check(make, &[zero, Append(2), zero, Commit, zero, Append(2)]);
    }
}

fn panicking<S: TokenStore + TokenSink>(make: &dyn Fn() -> S) {
    let count = BLOCK_TOKENS + 10;
    for panic_at in [0, 1, BLOCK_TOKENS, count - 1] {
        let panicking = AppendPanicking { count, panic_at };
        check(make, &[panicking]);
        check(make, &[Append(3), Commit, panicking, Commit]);
        check(
            make,
            &[Append(3), panicking, Append(3), panicking, panicking],
        );
        check(
            make,
            &[Append(BLOCK_TOKENS), panicking, AppendHashed(count)],
        );
    }
}

fn reserve<S: TokenStore + TokenSink>(make: &dyn Fn() -> S) {
    check(make, &[Reserve(10_000)]);
    check(
        make,
        &[Append(10), Reserve(10_000), Append(20_000), Reserve(1)],
    );
}

fn too_much<S: TokenStore + TokenSink>(make: &dyn Fn() -> S) {
    for operation in [ReserveTooMuch, AppendTooMuch] {
        check(make, &[operation, Append(1)]);
        check(make, &[Append(7), operation, Commit, operation, Append(1)]);
    }
}

fn get<S: TokenStore + TokenSink>(make: &dyn Fn() -> S) {
    let count = BLOCK_TOKENS + 3;
    let subject = check(make, &[Append(count)]);
    for index in 0..count {
        let expected = Some(&subject.oracle()[index]);
        assert_eq!(subject.store().get(index), expected, "get({index})");
    }
    for index in [count, count + 1, usize::MAX] {
        assert_eq!(subject.store().get(index), None, "get({index})");
    }
}

fn memory_usage<S: TokenStore + TokenSink>(make: &dyn Fn() -> S) {
    for count in [0, 1, BLOCK_TOKENS] {
        let usage = check(make, &[Append(count)]).store().memory_usage();
        let used_bytes = (count * size_of::<Token>()) as u64;
        assert_eq!(usage.used_bytes, used_bytes, "{count} tokens: {usage:?}");
        assert!(usage.reserved_bytes >= used_bytes, "{usage:?}");
        let resident = usage.resident_bytes.unwrap_or(0);
        assert!(resident <= usage.reserved_bytes, "{usage:?}");
        assert!(usage.huge_bytes.unwrap_or(0) <= resident, "{usage:?}");
    }
}

fn random_operations<S: TokenStore + TokenSink>(make: &dyn Fn() -> S) {
    for seed in 0..SEEDS {
        let mut random = Random::new(seed);
        let operations: Vec<_> = (0..OPERATIONS).map(|_| random.operation()).collect();
        Subject::new(make).run(&operations, &format_args!("seed {seed}"));
    }
}
