//! Capacity, growth and refusals of the store in memory.

use ng_store::{PagePolicy, TokenSink, TokenStore, VecStore, VecStoreError};
use ng_token::Token;

fn token(index: usize) -> Token {
    Token::new(index as u32)
}

/// 2^62 bytes: it fits the type, and no address space.
const TOO_MANY: usize = 1 << 56;

fn out_of_memory(tokens: usize) -> VecStoreError {
    VecStoreError::OutOfMemory {
        size_bytes: tokens * 64,
    }
}

#[test]
fn capacity_is_exact_where_it_is_asked_for() {
    for capacity in [0, 1, 63, 4097, 200_000] {
        assert_eq!(VecStore::with_capacity(capacity).capacity(), capacity);
        let mut store = VecStore::from_vec(vec![token(0); 3]);
        store.reserve_exact(capacity).unwrap();
        assert_eq!(store.capacity(), capacity + 3);
    }
}

#[test]
fn reserving_what_is_there_keeps_the_allocation() {
    let mut store = VecStore::with_capacity(100);
    store.append_with(40, token).unwrap();
    let before = store.tokens().as_ptr();
    store.reserve(60).unwrap();
    store.reserve_exact(60).unwrap();
    store.append_with(60, token).unwrap();
    assert_eq!(store.tokens().as_ptr(), before);
    assert_eq!(store.capacity(), 100);
}

#[test]
fn growth_doubles() {
    let mut store = VecStore::new();
    let mut capacities = Vec::new();
    for index in 0..1_000 {
        store.append(&[token(index)]).unwrap();
        if capacities.last() != Some(&store.capacity()) {
            capacities.push(store.capacity());
        }
    }
    assert_eq!(capacities, [64, 128, 256, 512, 1024]);
    assert!((0..1_000).all(|index| store.get(index) == Some(&token(index))));
}

#[test]
fn a_large_append_grows_to_what_it_needs() {
    let mut store = VecStore::new();
    store.append_with(10, token).unwrap();
    store.append_with(10_000, token).unwrap();
    assert_eq!(store.capacity(), 10_010);
}

#[test]
fn too_large_a_capacity_is_an_error_not_an_abort() {
    let overflow = |token_count| VecStoreError::CapacityOverflow { token_count };
    for (capacity, expected) in [
        (TOO_MANY, out_of_memory(TOO_MANY)),
        (usize::MAX / 128, out_of_memory(usize::MAX / 128)),
        (usize::MAX / 128 + 1, overflow(usize::MAX / 128 + 1)),
        (usize::MAX, overflow(usize::MAX)),
    ] {
        assert_eq!(VecStore::try_with_capacity(capacity).unwrap_err(), expected);
    }
}

/// Checks that `operation` fails with `expected` and changes nothing.
fn check_refused(
    operation: impl FnOnce(&mut VecStore) -> Result<(), VecStoreError>,
    expected: VecStoreError,
) {
    let mut store = VecStore::with_capacity(10);
    store.append_with(10, token).unwrap();
    let before = store.tokens().as_ptr();
    assert_eq!(operation(&mut store), Err(expected));
    assert_eq!(store.tokens().as_ptr(), before);
    assert_eq!((store.len(), store.capacity()), (10, 10));
}

#[test]
fn a_refused_reservation_leaves_the_store_unchanged() {
    let needed = TOO_MANY + 10;
    check_refused(|store| store.reserve(TOO_MANY), out_of_memory(needed));
    check_refused(|store| store.reserve_exact(TOO_MANY), out_of_memory(needed));
    check_refused(
        |store| store.append_with(TOO_MANY, token),
        out_of_memory(needed),
    );
    let token_count = usize::MAX;
    check_refused(
        |store| store.reserve(usize::MAX),
        VecStoreError::CapacityOverflow { token_count },
    );
}

#[test]
#[should_panic(expected = "out of memory: 4611686018427387904 bytes refused")]
fn with_capacity_panics_with_the_bytes_it_asked_for() {
    VecStore::with_capacity(TOO_MANY);
}

#[test]
fn errors_say_what_was_asked_and_what_was_had() {
    for (error, expected) in [
        (
            VecStoreError::CapacityOverflow { token_count: 9 },
            "capacity overflow: 9 tokens, at most 144115188075855871 fit an address space",
        ),
        (out_of_memory(2), "out of memory: 128 bytes refused"),
        (
            VecStoreError::NotAdjacent {
                left: 4..6,
                right: 0..4,
            },
            "filled ranges do not touch: left 4..6, right 0..4",
        ),
        (
            VecStoreError::RoomNotFilled {
                filled: 0..4,
                room: 6,
            },
            "room not filled: 0..4 of 6 tokens",
        ),
    ] {
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn a_vector_goes_in_and_out_without_a_copy() {
    let tokens: Vec<_> = (0..10).map(token).collect();
    let before = tokens.as_ptr();
    let tokens = VecStore::from_vec(tokens).into_vec();
    assert_eq!(tokens.as_ptr(), before);
    assert_eq!(tokens.len(), 10);
}

#[test]
fn clear_keeps_the_reservation() {
    let mut store = VecStore::with_capacity(10);
    store.append_with(10, token).unwrap();
    store.clear();
    assert!(store.is_empty());
    assert_eq!(store.capacity(), 10);
}

#[test]
fn truncating_keeps_the_reservation_and_the_tokens_before() {
    let mut store = VecStore::with_capacity(100);
    store.append_with(60, token).unwrap();
    for (len, left) in [(70, 60), (60, 60), (10, 10), (0, 0)] {
        store.truncate(len);
        assert_eq!(store.len(), left);
        assert!(store.tokens().iter().copied().eq((0..left).map(token)));
    }
    assert_eq!(store.capacity(), 100);
}

#[test]
fn a_store_filled_again_behind_what_was_kept_holds_both() {
    let count = 1_200_000;
    let mut store = VecStore::new();
    store.append_with(count, token).unwrap();
    store.truncate(1_001);
    store
        .append_with(count - 1_001, |index| token(index + 7))
        .unwrap();
    assert!(
        store.tokens()[..1_001]
            .iter()
            .copied()
            .eq((0..1_001).map(token))
    );
    let added = store.tokens()[1_001..].iter().copied();
    assert!(added.eq((0..count - 1_001).map(|index| token(index + 7))));
}

#[test]
fn tokens_are_changed_in_place() {
    let mut store = VecStore::from_vec((0..10).map(token).collect());
    store.tokens_mut()[3] = token(77);
    store.tokens_mut()[4..].reverse();
    let ids: Vec<_> = store
        .tokens()
        .iter()
        .map(|token| token.id().raw())
        .collect();
    assert_eq!(ids, [0, 1, 2, 77, 9, 8, 7, 6, 5, 4]);
}

#[test]
fn a_store_extends_collects_and_converts_as_a_vector_does() {
    let all: Vec<Token> = (0..1_000).map(token).collect();
    let mut store: VecStore = all[..100].iter().copied().collect();
    store.extend(&all[100..200]);
    store.extend(all[200..].iter().copied().filter(|_| true));
    assert!(store.tokens() == all);
    assert_eq!(store.capacity(), 1_600, "doubled, and none too often");
    assert!(Vec::from(VecStore::from(all.clone())) == all);
}

#[test]
#[should_panic(expected = "capacity overflow")]
fn extending_beyond_any_memory_panics() {
    VecStore::new().extend(std::iter::repeat_n(token(0), usize::MAX));
}

#[test]
fn a_clone_keeps_tokens_and_policy() {
    let mut store = VecStore::with_policy(PagePolicy::Base);
    store.append_with(10, token).unwrap();
    let clone = store.clone();
    assert_eq!(clone.tokens(), store.tokens());
    assert_eq!((clone.policy(), clone.capacity()), (PagePolicy::Base, 10));
}

#[test]
fn debug_shows_sizes_instead_of_tokens() {
    let store = VecStore::with_capacity(10);
    let shown = format!("{store:?}");
    assert_eq!(shown, "VecStore { len: 0, capacity: 10, policy: Huge, .. }");
}

/// 40 MiB, so that the second filling goes past the caches.
#[test]
fn a_store_that_is_filled_again_holds_the_new_tokens() {
    let count = (40 << 20) / Token::SIZE;
    let mut store = VecStore::new();
    for round in 0..3_u32 {
        let token = |index: usize| Token::new(index as u32).with_timestamp(round);
        store.append_with(count, token).unwrap();
        assert_eq!(store.len(), count);
        let wrong = (0..count).find(|&index| store.tokens()[index] != token(index));
        assert_eq!(wrong, None, "round {round}");
        store.clear();
    }
}
