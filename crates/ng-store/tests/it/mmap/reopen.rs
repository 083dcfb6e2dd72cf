use std::fs;

use ng_store::{CreateOptions, OpenError, TokenSink, TokenStore, WriteError};

use super::fixture::{
    Place, create, file_of, open, open_append, open_private, read_at, small, token, tokens, verify,
    write_at,
};

#[test]
fn reopen_keeps_every_committed_token_and_no_other() {
    for count in [0, 1, 63, 64, 65, 4095, 4096, 4097, 20_000] {
        let place = Place::new();
        let path = place.file();
        let mut store = create(&path, &small()).unwrap();
        store.append(&tokens(count)).unwrap();
        store.commit().unwrap();
        store.append(&tokens(5000)).unwrap();
        drop(store);
        let reader = open(&path).unwrap();
        assert_eq!(reader.tokens(), tokens(count), "{count}");
        assert_eq!(reader.recovery(), [], "{count}");
        let appender = open_append(&path).unwrap();
        assert_eq!(appender.tokens(), tokens(count), "{count}");
        assert_eq!(appender.appended_tokens(), count as u64);
    }
}

#[test]
fn appending_goes_on_where_it_was_left() {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[]);
    let mut count = 0;
    for step in [1, 62, 1, 1, 4000, 100, 4096, 20_000, 0, 7] {
        let mut store = open_append(&path).unwrap();
        assert_eq!(store.tokens(), tokens(count));
        store
            .append_with(step, |index| token(count + index))
            .unwrap();
        store.commit().unwrap();
        count += step;
        assert_eq!(store.tokens(), tokens(count));
    }
    let reader = open(&path).unwrap();
    assert_eq!(reader.tokens(), tokens(count));
    assert_eq!(
        reader.info().generation,
        10 + 9,
        "ten openings, and nine commits: an empty one writes nothing"
    );
    assert!(verify(&path).unwrap().is_clean());
}

#[test]
fn the_tag_stands_beside_its_commit() {
    let place = Place::new();
    let path = place.file();
    let mut store = create(&path, &small().tag(3)).unwrap();
    store.append(&tokens(1)).unwrap();
    store.commit().unwrap();
    assert_eq!(open(&path).unwrap().info().tag, 3);
    store.commit_tagged(4).unwrap();
    let info = open(&path).unwrap().info();
    assert_eq!((info.tag, info.generation, info.tokens), (4, 2, 1));
    assert!(info.committed_at_ns >= info.created_ns);
}

#[test]
fn a_reader_refuses_to_write() {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[10]);
    let before = fs::read(&path).unwrap();
    let mut reader = open(&path).unwrap();
    for refused in [
        reader.append(&tokens(1)),
        reader.reserve(1),
        reader.reserve_exact(1),
        reader.append_with(1, token),
        reader.append_hashed(&tokens(1), &[]),
        reader.commit(),
        reader.commit_tagged(1),
    ] {
        let error = refused.unwrap_err();
        assert!(matches!(error, WriteError::ReadOnly { .. }), "{error}");
    }
    drop(reader);
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn more_tokens_than_the_file_is_made_for_are_refused() {
    let place = Place::new();
    let options = CreateOptions::new().max_tokens(100);
    let mut store = create(&place.file(), &options).unwrap();
    store.append(&tokens(100)).unwrap();
    let error = store.append(&tokens(1)).unwrap_err();
    assert!(
        matches!(
            error,
            WriteError::Full {
                needed: 101,
                max: 100,
                ..
            }
        ),
        "{error}"
    );
    store.commit().unwrap();
    assert_eq!(store.tokens(), tokens(100));
}

#[test]
fn an_exact_reservation_allocates_exactly_and_is_filled_without_growing() {
    let place = Place::new();
    let path = place.file();
    let mut store = create(&path, &small().reserve(10_000)).unwrap();
    let exact = store.info().data_offset + 10_000 * 64;
    let length = || fs::metadata(&path).unwrap().len();
    assert_eq!(length(), exact);
    store.append(&tokens(6_000)).unwrap();
    store.commit().unwrap();
    drop(store);
    let mut store = open_append(&path).unwrap();
    store
        .append_with(4_000, |index| token(6_000 + index))
        .unwrap();
    store.commit().unwrap();
    assert_eq!(length(), exact);
    assert_eq!(store.tokens(), tokens(10_000));
    store.append(&tokens(1)).unwrap();
    store.commit().unwrap();
    assert!(length() > exact);
}

#[test]
fn a_private_store_leaves_the_file_as_it_is() {
    for count in [0, 100, 5000] {
        let place = Place::new();
        let path = place.file();
        file_of(&path, &[count]);
        let before = fs::read(&path).unwrap();
        let mut store = open_private(&path).unwrap();
        assert_eq!(store.tokens(), tokens(count));
        for token in store.tokens_mut() {
            *token = token.with_weight(2.0);
        }
        assert!(store.tokens().iter().all(|token| token.weight() == 2.0));
        assert_eq!(store.info().tokens, count as u64);
        assert_eq!(store.memory_usage().used_bytes, count as u64 * 64);
        drop(store);
        assert_eq!(fs::read(&path).unwrap(), before);
    }
}

#[test]
fn a_damaged_tail_is_restored_by_an_appender_and_told_by_a_reader() {
    for (count, damaged) in [(100, 99), (100, 64), (4100, 4097), (63, 0)] {
        let place = Place::new();
        let path = place.file();
        file_of(&path, &[count]);
        let offset = open(&path).unwrap().info().data_offset + damaged * 64;
        write_at(&path, offset, &[0xAA; 64]);
        let before = fs::read(&path).unwrap();
        let error = open(&path).unwrap_err();
        assert!(
            matches!(
                error,
                OpenError::TailDamaged {
                    restorable: true,
                    ..
                }
            ),
            "{error}"
        );
        assert!(open_private(&path).is_err());
        assert!(fs::read(&path).unwrap() == before, "a reader wrote");
        let store = open_append(&path).unwrap();
        assert_eq!(store.tokens(), tokens(count));
        assert_eq!(store.recovery().len(), 1, "{:?}", store.recovery());
        drop(store);
        assert_eq!(open(&path).unwrap().recovery(), []);
    }
}

#[test]
fn damage_before_the_tail_page_cannot_be_restored() {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[100]);
    write_at(&path, 2 << 20, &[0xAA]);
    for error in [open(&path).unwrap_err(), open_append(&path).unwrap_err()] {
        assert!(
            matches!(
                error,
                OpenError::TailDamaged {
                    restorable: false,
                    block: 0,
                    ..
                }
            ),
            "{error}"
        );
    }
    assert_eq!(read_at(&path, 2 << 20), [0xAA]);
}
