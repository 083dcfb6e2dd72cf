//! Choices of `docs/file-format.md` that could have gone either way.

use ng_store::{BlockReader, Finding, OpenError, TokenStore};

use super::fixture::{Place, file_of, open, open_append, read_at, tokens, verify, write_at};
use super::lies::lie;

const DATA: u64 = 2 << 20;

#[test]
fn of_two_sound_copies_of_one_generation_the_first_is_taken() {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[10]);
    for (copy, tag) in [(0x3000, 5_u64), (0x3800, 6)] {
        lie::<512>(&path, copy, 88, &tag.to_le_bytes());
    }
    let info = open(&path).unwrap().info();
    assert_eq!(info.tag, 5);
    assert_eq!(info.findings, [Finding::CopiesDiffer { slot: 1 }]);
}

#[test]
fn what_is_zero_today_is_ignored_under_a_checksum() {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[10, 20]);
    lie::<4096>(&path, 0, 52, &[1; 4]);
    lie::<4096>(&path, 0, 2000, &[1; 8]);
    let header: [u8; 128] = read_at(&path, 0);
    for copy in [0x1000, 0x1800, 0x3000, 0x3800] {
        lie::<512>(&path, copy, 60, &[1; 4]);
        lie::<512>(&path, copy, 224, &[1; 280]);
        lie::<512>(&path, copy, 96, &header);
    }
    let store = open(&path).unwrap();
    assert_eq!(store.recovery(), []);
    assert_eq!(store.tokens(), tokens(20));
    assert!(verify(&path).unwrap().is_clean());
    drop(open_append(&path).unwrap());
}

#[test]
fn what_no_checksum_covers_is_not_looked_at_but_beside_the_slots() {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[10]);
    for unseen in [
        0x5000,
        0xEFFF,
        0xF000,
        0xFFFF,
        0x10008,
        0x2000,
        0x4000 + 640,
    ] {
        write_at(&path, unseen, &[0xA5]);
    }
    assert_eq!(BlockReader::open(&path).unwrap().recovery(), []);
    for (offset, gap) in [(0x1200, 0x1200), (0x17FF, 0x17FF), (0x3A00, 0x3A00)] {
        let place = Place::new();
        let path = place.file();
        file_of(&path, &[10]);
        write_at(&path, offset, &[0xA5]);
        let reader = BlockReader::open(&path).unwrap();
        assert_eq!(reader.recovery(), [Finding::Gap { offset: gap }]);
    }
}

/// It looks like a commit interrupted by a power cut.
#[test]
fn an_older_version_of_the_newest_slot_written_back_is_not_told() {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[10, 20]);
    let older: [u8; 4096] = read_at(&path, 0x3000);
    let mut store = open_append(&path).unwrap();
    // Generation 4 in slot 0, and 5 in slot 1, in the place of 3 and 1.
    for count in [30, 40] {
        use ng_store::TokenSink;
        let start = store.len();
        store.append(&tokens(count)[start..]).unwrap();
        store.commit().unwrap();
    }
    drop(store);
    assert_eq!(open(&path).unwrap().tokens(), tokens(40));
    write_at(&path, 0x3000, &older);
    let store = open(&path).unwrap();
    assert_eq!((store.tokens(), store.recovery()), (&*tokens(30), &[][..]));
}

#[test]
fn a_tail_image_that_fails_its_own_hash_restores_nothing() {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[100]);
    write_at(&path, 0x4000, &[0xA5]);
    assert_eq!(
        open(&path).unwrap().recovery(),
        [Finding::TailImage { slot: 1 }]
    );
    write_at(&path, DATA + 99 * 64, &[0xA5]);
    let error = open_append(&path).unwrap_err();
    assert!(
        matches!(
            error,
            OpenError::TailDamaged {
                restorable: false,
                ..
            }
        ),
        "{error}"
    );
}

/// The previous slot's hash matters at refresh, not at open.
#[test]
fn a_previous_hash_that_names_another_slot_opens() {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[10, 20]);
    for copy in [0x1000, 0x1800] {
        lie::<512>(&path, copy, 72, &7_u64.to_le_bytes());
    }
    let store = open(&path).unwrap();
    assert_eq!((store.tokens(), store.recovery()), (&*tokens(20), &[][..]));
}
