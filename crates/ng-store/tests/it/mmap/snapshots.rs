use std::path::Path;

use ng_store::{OpenError, Snapshot, TokenSink, TokenStore, VerifyBlocks, WriteError};

use super::fixture::{
    Place, create, file_of, make_read_only, open, open_append, read_at, reopen, set_len, small,
    token, tokens, write_at,
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

/// The newest slot is lost behind a reader's back, and reappears.
#[test]
fn refresh_shows_no_more_of_a_commit_that_went_back_until_it_is_there_again() {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[100]);
    let mut reader = open(&path).unwrap();
    let older: [u8; 0x4000] = read_at(&path, 0x1000);
    append_from(&path, &[100]);
    let newer: [u8; 0x4000] = read_at(&path, 0x1000);
    assert!(reader.refresh().unwrap());
    for _ in 0..2 {
        write_at(&path, 0x1000, &older);
        let error = reader.refresh().unwrap_err();
        let went_back = matches!(
            error,
            OpenError::WentBack {
                have: 3,
                found: 1,
                ..
            }
        );
        assert!(went_back, "{error}");
        assert_eq!((reader.len(), reader.info().tokens), (100, 105));
        write_at(&path, 0x1000, &newer);
        assert!(reader.refresh().unwrap());
        assert!(reader.tokens() == tokens(105));
        assert!(!reader.refresh().unwrap());
    }
    // Its slot is back, but other tokens are in place of its own.
    write_at(&path, 0x1000, &older);
    reader.refresh().unwrap_err();
    write_at(&path, (2 << 20) + 100 * 64, &[1; 64]);
    write_at(&path, 0x1000, &newer);
    let error = reader.refresh().unwrap_err();
    assert!(
        matches!(error, OpenError::TakenBack { generation: 3, .. }),
        "{error}"
    );
    assert_eq!(reader.len(), 100);
}

/// Nothing proves that the earlier tokens still exist: neither the slots nor the tokens.
#[test]
fn refresh_shows_nothing_of_a_commit_that_went_back_where_nothing_is_sure() {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[100]);
    let mut reader = open(&path).unwrap();
    let older: [u8; 0x4000] = read_at(&path, 0x1000);
    append_from(&path, &[100]);
    assert!(reader.refresh().unwrap());
    write_at(&path, 0x1000, &older);
    write_at(&path, 2 << 20, &[1; 64]);
    let error = reader.refresh().unwrap_err();
    assert!(matches!(error, OpenError::WentBack { .. }), "{error}");
    assert!(reader.is_empty());
}

#[test]
fn a_refresh_that_finds_the_file_cut_shows_what_was_shown_before() {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[100]);
    let mut reader = open(&path).unwrap();
    append_from(&path, &[100]);
    assert!(reader.refresh().unwrap());
    // Breaks the promise, so no token is read from here on.
    set_len(&path, (2 << 20) + 64);
    let error = reader.refresh().unwrap_err();
    assert!(matches!(error, OpenError::Truncated { .. }), "{error}");
    assert_eq!(reader.len(), 105);
}

#[test]
fn refresh_notices_that_its_file_was_replaced_or_removed_and_reopen_shows_what_is_there() {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[10]);
    let mut reader = open(&path).unwrap();
    let before = reader.snapshot();
    drop(create(&path, &small().replace(true)).unwrap());
    append_from(&path, &[0, 5, 10, 15]);
    for _ in 0..2 {
        let error = reader.refresh().unwrap_err();
        assert!(matches!(error, OpenError::Replaced { .. }), "{error}");
        assert!(reader.tokens() == tokens(10));
    }
    reopen(&mut reader).unwrap();
    assert!(reader.tokens() == tokens(20));
    assert!(before.tokens() == tokens(10));
    append_from(&path, &[20]);
    assert!(reader.refresh().unwrap());
    assert!(reader.tokens() == tokens(25));

    std::fs::remove_file(&path).unwrap();
    let error = reader.refresh().unwrap_err();
    assert!(matches!(error, OpenError::Replaced { .. }), "{error}");
    let error = reopen(&mut reader).unwrap_err();
    assert!(matches!(error, OpenError::Io(_)), "{error}");
    assert!(reader.tokens() == tokens(25));
}

#[test]
fn refresh_follows_a_file_that_was_renamed() {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[10]);
    let mut reader = open(&path).unwrap();
    let elsewhere = place.named("elsewhere.ngt");
    std::fs::rename(&path, &elsewhere).unwrap();
    assert!(!reader.refresh().unwrap());
    append_from(&elsewhere, &[10]);
    assert!(reader.refresh().unwrap());
    assert!(reader.tokens() == tokens(15));
    std::fs::write(&path, "another").unwrap();
    let error = reader.refresh().unwrap_err();
    assert!(matches!(error, OpenError::Replaced { .. }), "{error}");
}

#[test]
fn an_appender_is_not_reopened() {
    let place = Place::new();
    let mut store = create(&place.file(), &small()).unwrap();
    store.append(&tokens(5)).unwrap();
    let error = reopen(&mut store).unwrap_err();
    assert!(matches!(error, OpenError::Locked { .. }), "{error}");
    store.commit().unwrap();
    assert!(store.tokens() == tokens(5));
}

/// A later commit may hold no token more.
#[test]
fn refresh_shows_a_commit_of_the_same_tokens() {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[100]);
    for commits in [1, 2, 3, 4] {
        let mut reader = open(&path).unwrap();
        let first = reader.info();
        let mut writer = open_append(&path).unwrap();
        for commit in 0..commits {
            writer.commit_tagged(first.tag + 1 + commit).unwrap();
        }
        assert!(reader.refresh().unwrap());
        assert_eq!(reader.info().tag, first.tag + commits);
        assert_eq!(reader.info().generation, writer.info().generation);
        assert!(reader.tokens() == tokens(100));
    }
}

/// The file loses its tokens between two commits but regains its length: the map does not
/// show the committed tokens.
#[test]
fn a_commit_that_the_map_does_not_show_is_told() {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[100]);
    let mut store = open_append(&path).unwrap();
    store.append_with(50, |index| token(100 + index)).unwrap();
    set_len(&path, 2 << 20);
    set_len(&path, 4 << 20);
    for _ in 0..2 {
        let error = store.commit().unwrap_err();
        let told = matches!(&error, WriteError::NotShown { generation: 3, .. });
        assert!(told, "{error}");
        assert_eq!(store.len(), 100);
    }
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
        assert!(store.mapped_blocks().verify().unwrap().is_clean());
        drop(store);
        assert_eq!(before.tokens(), tokens(100));
        assert_eq!(open(&path).unwrap().tokens(), tokens(100));
    }
}

/// As if the last sync of a commit failed after a reader had seen it, and the next appender
/// found the previous commit.
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

/// The reader shows a commit, which is then taken back; it refreshes after this many
/// replacement commits.
#[test]
fn refresh_notices_a_commit_that_was_taken_back_however_late_it_comes() {
    for (before, commits) in [
        (100, 1),
        (100, 2),
        (100, 3),
        (100, 4),
        (4_096, 5),
        (9_000, 9),
    ] {
        let place = Place::new();
        let path = place.file();
        file_of(&path, &[before]);
        let slots: [u8; 0x4000] = read_at(&path, 0x1000);
        let mut reader = open(&path).unwrap();
        append_from(&path, &[before]);
        assert!(reader.refresh().unwrap());
        write_at(&path, 0x1000, &slots);
        let others: Vec<usize> = (0..commits).map(|commit| 900 + 10 * commit).collect();
        append_from(&path, &others);
        for _ in 0..2 {
            let error = reader.refresh().unwrap_err();
            assert!(
                matches!(error, OpenError::TakenBack { generation: 3, .. }),
                "{before}, {commits}: {error}"
            );
            assert!(reader.tokens() == tokens(before), "{before}, {commits}");
        }
        assert_eq!(open(&path).unwrap().tokens()[before], token(900));
    }
}

/// Commits five tokens once for each index, from that of the course on.
fn append_from(path: &Path, firsts: &[usize]) {
    let mut writer = open_append(path).unwrap();
    for first in firsts {
        writer.append_with(5, |index| token(first + index)).unwrap();
        writer.commit().unwrap();
    }
}

/// Any number of commits later, even if the slots do not decide.
#[test]
fn refresh_goes_on_from_any_commit_to_any_later_one() {
    for before in [0, 1, 100, 4_096, 9_000] {
        for commits in 1..6 {
            for spoil_the_older_slot in [false, true] {
                let place = Place::new();
                let path = place.file();
                file_of(&path, &[before]);
                let mut reader = open(&path).unwrap();
                let mut writer = open_append(&path).unwrap();
                for commit in 0..commits {
                    let start = before + commit * 3_000;
                    writer
                        .append_with(3_000, |index| token(start + index))
                        .unwrap();
                    writer.commit().unwrap();
                }
                if spoil_the_older_slot {
                    let older = (writer.info().generation + 1) % 2;
                    write_at(&path, 0x1000 + older * 0x2000, &[0xAA; 4096]);
                }
                assert!(reader.refresh().unwrap(), "{before}, {commits}");
                assert_eq!(reader.tokens(), tokens(before + commits * 3_000));
            }
        }
    }
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

/// The promise was broken: the file was truncated while mapped. Accessing the lost part
/// would raise a signal.
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
