//! A file that somebody else changes while a writer holds it.

use std::path::Path;

use ng_store::{FileWriter, TokenSink, WriteError};

use super::fixture::{Place, create, file_of, flip, open, set_len, small, tokens};

/// Lets somebody change the file behind a writer's back, and expects its commit to
/// be refused, and nothing of it to be shown.
fn check(harm: impl Fn(&Path), expected: impl Fn(&WriteError) -> bool) {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[100]);
    let mut writer = FileWriter::open_append(&path).unwrap();
    writer.append(&tokens(50_000)).unwrap();
    harm(&path);
    let error = writer.commit().unwrap_err();
    assert!(expected(&error), "{error}");
    assert!(error.to_string().starts_with(&*path.to_string_lossy()));
    let again = writer.commit().unwrap_err();
    assert!(matches!(again, WriteError::Poisoned { .. }), "{again}");
}

/// Two writers by a lock that was lost: the second commit took the first one's
/// place, and both had been acknowledged.
#[test]
fn a_commit_over_another_writers_is_refused() {
    for slot in [0x1000, 0x1800, 0x3000, 0x3800] {
        check(
            |path| flip(path, slot * 8 + 80),
            |error| matches!(error, WriteError::Overtaken { generation: 2, .. }),
        );
    }
}

#[test]
fn a_commit_onto_a_file_that_was_cut_is_refused() {
    for cut in [0, 0x10000, (2 << 20) + 64, (2 << 20) + 100 * 64] {
        check(
            |path| set_len(path, cut),
            |error| matches!(error, WriteError::Truncated { have, .. } if *have == cut),
        );
    }
}

#[test]
fn a_writer_is_not_overtaken_by_itself() {
    let place = Place::new();
    let mut store = create(&place.file(), &small()).unwrap();
    for count in 1..10 {
        store.append(&tokens(count * 30)).unwrap();
        store.commit().unwrap();
    }
    assert_eq!(open(&place.file()).unwrap().info().generation, 9);
}
