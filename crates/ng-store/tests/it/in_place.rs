//! Filling in place: what proves that the capacity is filled, and what does not.

use std::panic::{AssertUnwindSafe, catch_unwind};

use ng_store::{Filled, TokenSink, TokenStore, Vacant, VecStore, VecStoreError};
use ng_token::Token;
use proptest::prelude::*;

fn token(index: usize) -> Token {
    Token::new(index as u32)
}

fn store_of(count: usize) -> VecStore {
    let mut store = VecStore::new();
    store.append_with(count, token).unwrap();
    store
}

/// Appends in place to three tokens, expects an error, and that three are left.
fn check_refused(
    count: usize,
    filler: impl for<'room> FnOnce(Vacant<'room>) -> Result<Filled<'room>, VecStoreError>,
    expected: &VecStoreError,
) {
    let mut store = store_of(3);
    assert_eq!(store.append_in_place(count, filler).as_ref(), Err(expected));
    assert_eq!(store.tokens(), store_of(3).tokens());
    store.append(&[token(3)]).unwrap();
    assert_eq!(store.tokens(), store_of(4).tokens());
}

#[test]
fn a_short_filled_range_is_refused() {
    for (filled, room) in [(0..5, 10), (0..9, 10), (0..0, 1)] {
        let expected = VecStoreError::RoomNotFilled {
            filled: filled.clone(),
            room,
        };
        check_refused(
            room,
            |v| Ok(v.split_at(filled.end).0.fill(token)),
            &expected,
        );
    }
}

#[test]
fn a_filled_range_without_the_beginning_is_refused() {
    let expected = VecStoreError::RoomNotFilled {
        filled: 1..10,
        room: 10,
    };
    check_refused(10, |vacant| Ok(vacant.split_at(1).1.fill(token)), &expected);
}

#[test]
fn ranges_joined_in_the_wrong_order_are_refused() {
    let expected = VecStoreError::NotAdjacent {
        left: 4..10,
        right: 0..4,
    };
    check_refused(
        10,
        |vacant| {
            let (left, right) = vacant.split_at(4);
            right.fill(token).join(left.fill(token))
        },
        &expected,
    );
}

#[test]
fn ranges_joined_over_a_gap_are_refused() {
    let expected = VecStoreError::NotAdjacent {
        left: 0..4,
        right: 5..10,
    };
    check_refused(
        10,
        |vacant| {
            let (left, rest) = vacant.split_at(4);
            let (_gap, right) = rest.split_at(1);
            left.fill(token).join(right.fill(token))
        },
        &expected,
    );
}

#[test]
fn an_error_of_the_filler_leaves_the_store_unchanged() {
    let error = VecStoreError::OutOfMemory { size_bytes: 1 };
    check_refused(
        10,
        |vacant| {
            let _filled = vacant.fill(token);
            Err(error.clone())
        },
        &error,
    );
}

#[test]
fn a_panic_of_the_filler_leaves_the_store_unchanged() {
    for panic_at in [0, 4, 9] {
        let mut store = store_of(3);
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            store.append_in_place(10, |vacant| {
                Ok::<_, VecStoreError>(vacant.fill(|index| {
                    assert_ne!(index, panic_at, "on purpose");
                    token(index)
                }))
            })
        }));
        assert!(outcome.is_err());
        assert_eq!(store.tokens(), store_of(3).tokens());
    }
}

#[test]
fn the_filler_is_not_called_without_room() {
    let mut store = store_of(3);
    let result = store.append_in_place(usize::MAX - 1, |_| -> Result<_, VecStoreError> {
        unreachable!("there is no room to lend")
    });
    let token_count = usize::MAX;
    assert_eq!(result, Err(VecStoreError::CapacityOverflow { token_count }));
}

#[test]
fn pieces_know_their_place() {
    let mut store = store_of(3);
    let filled = store.append_in_place(10, |vacant| {
        assert_eq!((vacant.first_index(), vacant.len()), (0, 10));
        let (left, right) = vacant.split_at(7);
        assert_eq!((left.first_index(), left.len()), (0, 7));
        assert_eq!((right.first_index(), right.len()), (7, 3));
        let (all, none) = right.split_at(3);
        assert!(none.is_empty() && !all.is_empty());
        let (left, all) = (left.fill(token), all.fill(token));
        assert_eq!((left.range(), all.range()), (0..7, 7..10));
        left.join(all)?.join(none.fill(token))
    });
    assert_eq!(filled, Ok(()));
    assert_eq!(store.len(), 13);
}

#[test]
fn no_tokens_need_no_room() {
    let mut store = VecStore::new();
    let filled = store.append_in_place(0, |vacant| Ok::<_, VecStoreError>(vacant.fill(token)));
    assert_eq!(filled, Ok(()));
    assert_eq!((store.len(), store.capacity()), (0, 0));
}

/// Splits `rest` at each of the sorted positions `cuts`.
fn split<'room>(mut rest: Vacant<'room>, cuts: &[usize]) -> Vec<Vacant<'room>> {
    let mut pieces = Vec::new();
    for cut in cuts {
        let mid = cut - rest.first_index();
        let (piece, tail) = rest.split_at(mid);
        pieces.push(piece);
        rest = tail;
    }
    pieces.push(rest);
    pieces
}

/// Fills each piece on a thread of its own and joins them in their order.
fn fill_by_threads<'room>(
    pieces: Vec<Vacant<'room>>,
    f: impl Fn(usize) -> Token + Sync,
) -> Result<Filled<'room>, VecStoreError> {
    let mut filled = std::thread::scope(|scope| {
        let spawn = |piece: Vacant<'room>| scope.spawn(|| piece.fill(&f));
        let threads: Vec<_> = pieces.into_iter().map(spawn).collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, _>| thread.join().unwrap();
        threads.into_iter().map(join).collect::<Vec<_>>()
    });
    filled.sort_by_key(|piece: &Filled<'_>| (piece.range().start, piece.range().end));
    let joined = filled
        .into_iter()
        .map(Ok)
        .reduce(|left, right| left?.join(right?));
    joined.unwrap()
}

proptest! {
    #[test]
    fn pieces_filled_by_threads_in_any_order_equal_one_append(
        before in 0_usize..5,
        mut cuts in prop::collection::vec(0_usize..=200, 0..6),
        turn in 0_usize..7,
    ) {
        cuts.sort_unstable();
        let mut store = store_of(before);
        store.append_in_place(200, |vacant| {
            let mut pieces = split(vacant, &cuts);
            let turn = turn % pieces.len();
            pieces.rotate_left(turn);
            fill_by_threads(pieces, |index| token(before + index))
        }).unwrap();
        let expected = store_of(before + 200);
        prop_assert_eq!(store.tokens(), expected.tokens());
    }
}
