//! Multi-part appends that roll back together.

use ng_store::{FileWriter, TokenSink, TokenStore, VecStore, VerifyBlocks};
use ng_token::Token;

use super::fixture::{Place, create, small, token, tokens};

/// Tokens that are rolled back: none of them is in the file afterwards.
fn unwanted(index: usize) -> Token {
    Token::new(0xDEAD_0000 | index as u32)
}

/// Tokens committed, appended and rolled back: inside a block, to its end, beyond the
/// buffer of four blocks, and beyond a chunk.
const CASES: [(usize, usize, &[usize]); 10] = [
    (0, 0, &[1]),
    (0, 0, &[20_000, 1, 4_096]),
    (0, 5, &[4_091]),
    (3, 4_093, &[4_096, 7]),
    (4_096, 1, &[16_384]),
    (100, 4_000, &[5_000, 5_000, 5_000, 5_000]),
    (16_384, 0, &[16_384, 16_384]),
    (16_383, 2, &[30_000, 3]),
    (5_000, 11_000, &[385, 100_000]),
    (70_000, 70_000, &[1, 70_000]),
];

#[test]
fn what_was_appended_after_a_savepoint_is_taken_back_and_nothing_else() {
    for (committed, appended, taken_back) in CASES {
        let place = Place::new();
        let mut writer = FileWriter::create(place.file(), &small()).unwrap();
        writer.append_with(committed, token).unwrap();
        writer.commit().unwrap();
        writer
            .append_with(appended, |index| token(committed + index))
            .unwrap();
        let savepoint = writer.savepoint();
        for &count in taken_back {
            writer.append_with(count, unwanted).unwrap();
        }
        writer.go_back_to(&savepoint).unwrap();
        let before = committed + appended;
        assert_eq!(writer.appended_tokens(), before as u64);
        // Once more, and on from there.
        writer.append_with(9_000, unwanted).unwrap();
        writer.go_back_to(&savepoint).unwrap();
        writer
            .append_with(6_000, |index| token(before + index))
            .unwrap();
        writer.commit().unwrap();
        drop(writer);

        let loaded = VecStore::load(place.file()).unwrap();
        let case = (committed, appended, taken_back);
        assert!(loaded.tokens() == tokens(before + 6_000), "{case:?}");
        let reader = ng_store::BlockReader::open(place.file()).unwrap();
        assert!(reader.verify().unwrap().is_clean(), "{case:?}");
    }
}

#[test]
fn a_mapped_store_goes_back_as_well() {
    let place = Place::new();
    let mut store = create(&place.file(), &small()).unwrap();
    store.append_with(4_097, token).unwrap();
    let savepoint = store.savepoint().unwrap();
    assert_eq!(savepoint.appended_tokens(), 4_097);
    store.append_with(9_000, unwanted).unwrap();
    store.go_back_to(&savepoint).unwrap();
    store.commit().unwrap();
    assert!(store.tokens() == tokens(4_097));
}

#[test]
#[should_panic(expected = "the savepoint has 0 and 0")]
fn a_savepoint_is_worth_nothing_after_a_commit() {
    let place = Place::new();
    let mut writer = FileWriter::create(place.file(), &small()).unwrap();
    let savepoint = writer.savepoint();
    writer.append(&tokens(1)).unwrap();
    writer.commit().unwrap();
    let _ = writer.go_back_to(&savepoint);
}
