//! Flips and cuts of everything before the tokens.

use std::fs;

use ng_store::{BlockReader, Finding, OpenError, TokenSink, TokenStore};

use crate::amount;

use super::fixture::{Place, file_of, flip, open, open_append, read_at, set_len, tokens, write_at};

const COUNT: usize = 100;
const GENERATION: u64 = 3;
const NEWEST_TAIL: u64 = 0x4000;

/// Flips every bit of a range, one at a time, and expects the newest generation, with a
/// finding, or none if `silent`.
fn check_flips(name: &str, range: std::ops::Range<u64>, silent: bool) {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[10, 70, COUNT]);
    for bit in range.start * 8..range.end * 8 {
        flip(&path, bit);
        let reader = BlockReader::open(&path).unwrap();
        let info = reader.info();
        assert_eq!(info.generation, GENERATION, "bit {bit:#x}");
        assert_eq!(info.tokens, COUNT as u64, "bit {bit:#x}");
        let told = info.findings.len();
        assert_eq!(
            told,
            usize::from(!silent),
            "bit {bit:#x}: {:?}",
            info.findings
        );
        flip(&path, bit);
    }
    amount::count(&format!("bit flips: {name}"), (range.end - range.start) * 8);
}

#[test]
fn any_bit_of_the_header_opens_at_the_same_generation_and_is_told() {
    check_flips("header", 0..0x1000, false);
}

#[test]
fn any_bit_of_the_slots_opens_at_the_same_generation_and_is_told() {
    check_flips("slots", 0x1000..0x2000, false);
    check_flips("slots", 0x3000..0x4000, false);
}

#[test]
fn any_bit_of_the_newest_tail_image_opens_at_the_same_generation_and_is_told() {
    let used = COUNT as u64 % 64 * 64;
    check_flips("tail images", NEWEST_TAIL..NEWEST_TAIL + used, false);
}

#[test]
fn bits_that_mean_nothing_change_nothing() {
    // The image of the older commit may be stale after a crash; what lies
    // behind an image, and behind the slots, is not read.
    let used = COUNT as u64 % 64 * 64;
    check_flips("tail images", 0x2000..0x3000, true);
    check_flips("tail images", NEWEST_TAIL + used..0x5000, true);
}

#[test]
fn a_damaged_header_is_read_and_not_appended_to() {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[10, 70, COUNT]);
    write_at(&path, 0, &[0; 4096]);
    let reader = open(&path).unwrap();
    assert_eq!(reader.tokens(), tokens(COUNT));
    assert_eq!(reader.recovery(), [Finding::Header]);
    let before = fs::read(&path).unwrap();
    let error = open_append(&path).unwrap_err();
    assert!(matches!(error, OpenError::HeaderDamaged { .. }), "{error}");
    assert!(fs::read(&path).unwrap() == before);
}

#[test]
fn the_older_slot_gone_is_told_and_costs_nothing() {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[10, 70, COUNT]);
    write_at(&path, 0x1000, &[0x55; 4096]);
    let reader = open(&path).unwrap();
    assert_eq!(reader.tokens(), tokens(COUNT));
    assert!(reader.recovery().contains(&Finding::Slot { slot: 0 }));
    // The next commit overwrites the lost slot.
    drop(open_append(&path).unwrap());
    assert_eq!(open(&path).unwrap().tokens(), tokens(COUNT));
}

/// It repeats the newest commit in the other slot, and the following commit rewrites the
/// damaged one.
#[test]
fn two_openings_to_append_write_the_copies_and_the_image_again() {
    for (offset, finding) in [
        (0x3000, Finding::SlotCopy { slot: 1, copy: 0 }),
        (0x3800, Finding::SlotCopy { slot: 1, copy: 1 }),
        (NEWEST_TAIL, Finding::TailImage { slot: 1 }),
    ] {
        let place = Place::new();
        let path = place.file();
        file_of(&path, &[10, 70, COUNT]);
        flip(&path, offset * 8 + 100);
        let store = open_append(&path).unwrap();
        assert_eq!(store.recovery(), [finding]);
        assert_eq!(store.info().generation, 4);
        drop(store);
        drop(open_append(&path).unwrap());
        let reader = open(&path).unwrap();
        assert_eq!((reader.info().generation, reader.recovery()), (5, &[][..]));
        assert_eq!(reader.tokens(), tokens(COUNT));
    }
}

#[test]
fn copies_that_are_two_commits_give_the_newer_one() {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[10]);
    let old: [u8; 512] = read_at(&path, 0x3000);
    let mut store = open_append(&path).unwrap();
    store.append(&tokens(1)).unwrap();
    store.commit().unwrap();
    drop(store);
    for offset in [0x3000, 0x3800] {
        let new: [u8; 512] = read_at(&path, offset);
        write_at(&path, offset, &old);
        let reader = open(&path).unwrap();
        assert_eq!(reader.recovery(), [Finding::CopiesDiffer { slot: 1 }]);
        assert_eq!(reader.info().generation, 3);
        write_at(&path, offset, &new);
    }
}

#[test]
fn a_file_cut_anywhere_is_truncated_with_both_lengths() {
    for count in [0, COUNT] {
        let place = Place::new();
        let path = place.file();
        file_of(&path, &[count]);
        let whole = fs::read(&path).unwrap();
        let data_end = (2 << 20) + count as u64 * 64;
        let need = if count == 0 { 0x10000 } else { data_end };
        let cuts = (0..need)
            .step_by(512)
            .chain([1, 7, 8, 9, 4095, 0x5001, need - 1]);
        amount::count("cut lengths", cuts.clone().count() as u64);
        for cut in cuts {
            set_len(&path, cut);
            let told = [
                open(&path).unwrap_err(),
                open_append(&path).unwrap_err(),
                BlockReader::open(&path).unwrap_err(),
            ];
            for error in told {
                match error {
                    OpenError::Truncated {
                        have, need: told, ..
                    } => {
                        assert_eq!(have, cut);
                        assert!(told == need || (told == 0x10000 && cut < 0x5000), "{told}");
                    }
                    error => panic!("cut at {cut}: {error}"),
                }
            }
            // Only what was cut needs to be put back: a hole costs nothing.
            write_at(
                &path,
                cut,
                &whole[cut as usize..whole.len().min(cut as usize + 0x5000)],
            );
            set_len(&path, whole.len() as u64);
            if cut + 0x5000 < data_end && data_end < whole.len() as u64 {
                write_at(&path, 2 << 20, &whole[2 << 20..data_end as usize]);
            }
        }
        fs::write(&path, &whole).unwrap();
        assert_eq!(open(&path).unwrap().tokens(), tokens(count));
    }
}

#[test]
fn a_file_cut_in_its_spare_room_is_whole() {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[COUNT]);
    set_len(&path, (2 << 20) + COUNT as u64 * 64);
    assert_eq!(open(&path).unwrap().tokens(), tokens(COUNT));
}
