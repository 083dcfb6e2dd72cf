use ng_store::{OpenError, Snapshot, TokenSink, TokenStore, WriteError};

use super::fixture::{
    Place, create, file_of, make_read_only, open, open_append, read_at, set_len, small, token,
    tokens, write_at,
};

#[test]
fn snapshots_stay_as_they_are_while_the_store_goes_on() {
    let place = Place::new();
    let mut store = create(&place.file(), &small()).unwrap();
    let mut snapshots = vec![store.snapshot()];
    for count in [1, 64, 100, 5_000, 60_000] {
        let start = store.len();
        store
            .append_with(count - start, |index| token(start + index))
            .unwrap();
        store.commit().unwrap();
        snapshots.push(store.snapshot());
    }
    drop(store);
    let expected = tokens(60_000);
    for snapshot in &snapshots {
        assert_eq!(snapshot.tokens(), &expected[..snapshot.len()]);
    }
    assert_eq!(snapshots[5].len(), 60_000);
    assert!(snapshots[0].is_empty());
}

#[test]
fn a_snapshot_can_be_read_on_other_threads() {
    fn shared<T: Send + Sync + Clone>(_: &T) {}
    let place = Place::new();
    file_of(&place.file(), &[10_000]);
    let snapshot: Snapshot = open(&place.file()).unwrap().snapshot();
    shared(&snapshot);
    let expected = tokens(10_000);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            let snapshot = snapshot.clone();
            let expected = &expected;
            scope.spawn(move || assert_eq!(*snapshot, **expected));
        }
    });
}

#[test]
fn refresh_shows_what_another_store_committed() {
    let place = Place::new();
    let path = place.file();
    let mut writer = create(&path, &small()).unwrap();
    let mut reader = open(&path).unwrap();
    assert!(!reader.refresh().unwrap());
    for count in [10, 100, 50_000] {
        let start = writer.len();
        writer
            .append_with(count - start, |index| token(start + index))
            .unwrap();
        assert!(!reader.refresh().unwrap(), "nothing was committed");
        writer.commit().unwrap();
        let before = reader.snapshot();
        assert!(reader.refresh().unwrap());
        assert_eq!(reader.tokens(), tokens(count));
        assert_eq!(before.tokens(), tokens(start));
    }
    assert!(!writer.refresh().unwrap(), "an appender shows all there is");
}

#[test]
fn a_failed_refresh_shows_what_was_shown_before() {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[100]);
    let mut reader = open(&path).unwrap();
    let slots: [u8; 0x4000] = read_at(&path, 0x1000);
    let mut writer = open_append(&path).unwrap();
    writer.append(&tokens(5)).unwrap();
    writer.commit().unwrap();
    assert!(reader.refresh().unwrap());
    drop(writer);
    write_at(&path, 0x1000, &slots);
    let error = reader.refresh().unwrap_err();
    assert!(
        matches!(
            error,
            OpenError::WentBack {
                have: 3,
                found: 1,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(reader.len(), 105);
    // Breaks the promise, so no token is looked at from here on.
    set_len(&path, (2 << 20) + 64);
    let error = reader.refresh().unwrap_err();
    assert!(matches!(error, OpenError::Truncated { .. }), "{error}");
    assert_eq!(reader.len(), 105);
}

/// The descriptor is made read-only behind the store's back, so that every write
/// fails as on a disk that does.
#[test]
#[cfg(target_os = "linux")]
fn a_store_that_was_poisoned_shows_what_it_did_and_its_file_opens_again() {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[100]);
    for reserved in [false, true] {
        let mut store = open_append(&path).unwrap();
        if reserved {
            store.reserve(20_000).unwrap();
        }
        let before = store.snapshot();
        make_read_only(&path);
        let failed = store.append(&tokens(20_000)).and_then(|()| store.commit());
        let error = failed.unwrap_err();
        assert!(matches!(error, WriteError::Io { .. }), "{error}");
        for refused in [store.append(&tokens(1)), store.commit(), store.reserve(1)] {
            let error = refused.unwrap_err();
            assert!(matches!(error, WriteError::Poisoned { .. }), "{error}");
        }
        assert_eq!(store.tokens(), tokens(100));
        assert_eq!(before.tokens(), tokens(100));
        assert!(store.verify().unwrap().is_clean());
        drop(store);
        assert_eq!(before.tokens(), tokens(100));
        assert_eq!(open(&path).unwrap().tokens(), tokens(100));
    }
}

/// As where the last sync of a commit failed after a reader had seen it, and the
/// next appender found the commit before it.
#[test]
fn refresh_notices_that_a_commit_was_taken_back_and_made_anew() {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[100]);
    let slots: [u8; 0x4000] = read_at(&path, 0x1000);
    let mut reader = open(&path).unwrap();
    let commit_five = |first: usize| {
        let mut writer = open_append(&path).unwrap();
        writer.append_with(5, |index| token(first + index)).unwrap();
        writer.commit().unwrap();
    };
    commit_five(100);
    assert!(reader.refresh().unwrap());
    assert!(!reader.refresh().unwrap());
    write_at(&path, 0x1000, &slots);
    commit_five(900);
    let error = reader.refresh().unwrap_err();
    assert!(
        matches!(error, OpenError::TakenBack { generation: 3, .. }),
        "{error}"
    );
    assert_eq!(open(&path).unwrap().tokens()[100], token(900));
}

#[test]
fn refresh_notices_another_file_under_the_same_description() {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[10]);
    file_of(&place.named("b.ngt"), &[20]);
    let mut reader = open(&path).unwrap();
    let other: [u8; 0x5000] = read_at(&place.named("b.ngt"), 0);
    write_at(&path, 0, &other);
    let error = reader.refresh().unwrap_err();
    assert!(matches!(error, OpenError::Replaced { .. }), "{error}");
    assert_eq!(reader.tokens(), tokens(10));
}

#[test]
fn populating_changes_nothing() {
    let place = Place::new();
    file_of(&place.file(), &[10_000]);
    let snapshot = open(&place.file()).unwrap().snapshot();
    for range in [0..0, 0..10_000, 100..101, 10_000..10_000] {
        snapshot.populate(range).unwrap();
    }
    assert_eq!(snapshot.tokens(), tokens(10_000));
}

/// The promise was broken: the file lost its end while it is mapped. A look at
/// what was there would be a signal.
#[test]
#[cfg(target_os = "linux")]
fn populating_what_is_not_there_any_more_is_an_error() {
    let place = Place::new();
    file_of(&place.file(), &[10_000]);
    let store = open(&place.file()).unwrap();
    let start = store.info().data_offset;
    set_len(&place.file(), start + 5_000 * 64);
    let snapshot = store.snapshot();
    snapshot.populate(0..5_000).unwrap();
    assert_eq!(snapshot.tokens()[..5_000], tokens(10_000)[..5_000]);
    let error = snapshot.populate(0..10_000).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(14), "{error}");
}
