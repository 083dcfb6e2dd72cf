//! A file that somebody else changes while a writer holds it.

use std::path::Path;

use ng_store::{FileWriter, TokenSink, WriteError};
use ng_token::Token;

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

/// What an append writes or allocates makes the file as long again, with a hole in
/// the place of what was committed, and the next commit was acknowledged.
#[test]
fn an_append_to_a_file_that_was_cut_is_refused() {
    type Append = fn(&mut FileWriter) -> Result<(), WriteError>;
    const CUT: u64 = 0x10000;
    // Those that have room leave nothing for the commit to write.
    const ROOM: u64 = 65_536;
    let one: Append = |writer| writer.append(&tokens(1));
    let many: Append = |writer| writer.append(&tokens(ROOM as usize));
    let pieces: Append =
        |writer| (0..64).try_for_each(|_| writer.append_with(1_024, |_| Token::ZERO));
    let reserved: Append = |writer| {
        writer
            .reserve_exact(1)
            .and_then(|()| writer.append(&tokens(1)))
    };
    for (name, room, append) in [
        ("one", 0, one),
        ("many", 0, many),
        ("many with room", ROOM, many),
        ("pieces with room", ROOM, pieces),
        ("one reserved", 0, reserved),
    ] {
        let place = Place::new();
        let path = place.file();
        file_of(&path, &[4096]);
        let mut writer = FileWriter::open_append(&path).unwrap();
        writer.reserve_exact(room).unwrap();
        set_len(&path, CUT);
        let appended = append(&mut writer).and_then(|()| writer.commit());
        let is_cut = matches!(appended, Err(WriteError::Truncated { have: CUT, .. }));
        assert!(is_cut, "{name}: {appended:?}");
        assert!(matches!(writer.commit(), Err(WriteError::Poisoned { .. })));
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
