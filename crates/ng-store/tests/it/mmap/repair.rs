//! What a repair keeps.

#![allow(
    clippy::single_range_in_vec_init,
    reason = "the lost ranges are listed as the report lists them"
)]

use std::fs;

use ng_store::{
    Basis, BlockReader, CreateError, Finding, OpenError, RepairError, RepairOptions, TokenSink,
    TokenStore, VecStore,
};
use ng_token::Token;

use super::fixture::{
    Place, create, file_of, flip, open_append, read_at, repair, set_len, small, token, tokens,
    verify, write_at,
};
use super::lies::lie;

const COUNT: usize = 3 * 4096 + 100;
const DATA: u64 = 2 << 20;
const BLOCK_BYTES: u64 = 256 << 10;

fn damaged(place: &Place, blocks: &[u64]) {
    file_of(&place.file(), &[COUNT]);
    for block in blocks {
        flip(&place.file(), (DATA + block * BLOCK_BYTES) * 8);
    }
}

fn holes(mut tokens: Vec<Token>, lost: &[std::ops::Range<u64>]) -> Vec<Token> {
    for range in lost {
        tokens[range.start as usize..range.end as usize].fill(Token::ZERO);
    }
    tokens
}

#[test]
fn every_other_index_holds_and_what_is_lost_is_said() {
    for (blocks, lost) in [
        (&[][..], vec![]),
        (&[1], vec![4096..8192]),
        (&[0, 1, 3], vec![0..8192, 12_288..12_388]),
    ] {
        let place = Place::new();
        damaged(&place, blocks);
        let before = fs::read(place.file()).unwrap();
        let out = place.named("out.ngt");
        let report = repair(place.file(), &out, &RepairOptions::new()).unwrap();
        assert_eq!(report.lost, lost);
        assert_eq!(report.bad.len(), blocks.len());
        let gone: u64 = lost.iter().map(|range| range.end - range.start).sum();
        assert_eq!(
            (report.tokens, report.kept),
            (COUNT as u64, COUNT as u64 - gone)
        );
        assert_eq!(
            VecStore::load(&out).unwrap().tokens(),
            holes(tokens(COUNT), &lost)
        );
        assert!(verify(&out).unwrap().is_clean());
        assert_eq!(BlockReader::open(&out).unwrap().info().max_tokens, 1 << 20);
        assert!(
            fs::read(place.file()).unwrap() == before,
            "the damaged file changed"
        );
    }
}

#[test]
fn bad_blocks_are_left_out_when_asked() {
    let place = Place::new();
    damaged(&place, &[1]);
    let out = place.named("out.ngt");
    let report = repair(place.file(), &out, &RepairOptions::new().compact(true)).unwrap();
    assert_eq!(report.lost, [4096..8192]);
    let mut expected = tokens(COUNT);
    expected.drain(4096..8192);
    assert_eq!(VecStore::load(&out).unwrap().tokens(), expected);
    // 640 MB of tokens took 1.07 GB.
    let length = std::fs::metadata(&out).unwrap().len();
    assert_eq!(length, DATA + expected.len() as u64 * 64);
}

#[test]
fn tokens_behind_a_rotten_entry_or_a_restorable_tail_are_kept() {
    let place = Place::new();
    damaged(&place, &[]);
    flip(&place.file(), (0x10000 + 8) * 8);
    flip(&place.file(), (DATA + 3 * BLOCK_BYTES + 99 * 64) * 8);
    let out = place.named("out.ngt");
    let report = repair(place.file(), &out, &RepairOptions::new()).unwrap();
    assert_eq!((report.lost, report.bad.len()), (vec![], 2));
    assert_eq!(VecStore::load(&out).unwrap().tokens(), tokens(COUNT));
}

#[test]
fn a_file_that_lost_its_end_is_repaired_as_far_as_it_goes() {
    let place = Place::new();
    damaged(&place, &[]);
    set_len(&place.file(), DATA + BLOCK_BYTES + 100);
    let out = place.named("out.ngt");
    let report = repair(place.file(), &out, &RepairOptions::new()).unwrap();
    assert_eq!(report.lost, [4096..COUNT as u64]);
    let expected = holes(tokens(COUNT), &report.lost);
    assert_eq!(VecStore::load(&out).unwrap().tokens(), expected);
}

/// Zeroed slots look like slots never written.
#[test]
fn a_first_commit_whose_slot_is_lost_is_not_taken_for_an_empty_file() {
    // The traces of it: a tail image, and an entry of the table.
    for count in [70, 4096] {
        let place = Place::new();
        file_of(&place.file(), &[count]);
        write_at(&place.file(), 0x3000, &[0; 4096]);
        let reader = BlockReader::open(place.file()).unwrap();
        assert_eq!(reader.info().generation, 0);
        let lost = Finding::SlotLost {
            slot: 1,
            shown: 0,
            lost: Some(count as u64),
        };
        assert_eq!(reader.recovery(), [lost]);
        let out = place.named("out.ngt");
        let report = repair(place.file(), &out, &RepairOptions::new()).unwrap();
        assert_eq!(report.basis, Basis::Intent { generation: 1 });
        assert_eq!((report.kept, report.is_whole()), (count as u64, true));
    }
    let place = Place::new();
    file_of(&place.file(), &[]);
    assert_eq!(BlockReader::open(place.file()).unwrap().recovery(), []);
}

/// Each matches its hash, but the table fails its chain: any may be from an older commit.
#[test]
fn blocks_of_another_course_are_not_called_whole() {
    let (place, other) = (Place::new(), Place::new());
    file_of(&place.file(), &[10]);
    fs::copy(place.file(), other.file()).unwrap();
    for (place, first) in [(&place, 0), (&other, 7)] {
        let mut store = open_append(&place.file()).unwrap();
        store
            .append_with(5000, |index| token(index + first))
            .unwrap();
        store.commit().unwrap();
    }
    let block: [u8; BLOCK_BYTES as usize] = read_at(&other.file(), DATA);
    let entry: [u8; 8] = read_at(&other.file(), 0x10000);
    write_at(&place.file(), DATA, &block);
    write_at(&place.file(), 0x10000, &entry);
    let report = repair(place.file(), place.named("out.ngt"), &RepairOptions::new()).unwrap();
    assert_eq!((report.kept, &report.lost), (5010, &vec![]));
    assert!(!report.table_matches && !report.is_whole());
}

/// A slot with a valid checksum may claim anything.
#[test]
fn a_count_beyond_the_file_costs_neither_time_nor_room() {
    let place = Place::new();
    let mut store = create(&place.file(), &small().max_tokens(1 << 34)).unwrap();
    store.append(&tokens(100)).unwrap();
    store.commit().unwrap();
    drop(store);
    // As many tokens after the last page as in the tail image.
    let count = (1_u64 << 33) - 64 + 36;
    for copy in [0x3000, 0x3800] {
        lie::<512>(&place.file(), copy, 32, &count.to_le_bytes());
    }
    let compact = RepairOptions::new().compact(true);
    let report = repair(place.file(), place.named("out.ngt"), &compact).unwrap();
    assert_eq!((report.tokens, report.lost), (count, vec![0..count]));
    // A mebibyte was allocated, and the block after it is checked.
    assert_eq!(report.bad.len(), 5, "what is beyond the end is no block");
}

/// A truncated newest slot looked like one never written, and the file like an empty one
/// without loss.
#[test]
fn a_file_that_lost_a_slot_with_its_end_is_not_repaired_as_an_older_one() {
    let place = Place::new();
    damaged(&place, &[]);
    let out = place.named("out.ngt");
    for length in [0x4FFF, 0x4000, 0x3200, 0x2000, 0x1200] {
        set_len(&place.file(), length);
        let error = repair(place.file(), &out, &RepairOptions::new()).unwrap_err();
        assert!(
            matches!(
                error,
                RepairError::Open(OpenError::Truncated { have, need: 0x10000, .. }) if have == length
            ),
            "{length:#x}: {error}"
        );
    }
    assert_eq!(place.names(), ["a.ngt"]);
}

#[test]
fn tokens_that_are_all_in_the_tail_image_are_kept_when_the_rest_is_cut_off() {
    let place = Place::new();
    file_of(&place.file(), &[50]);
    set_len(&place.file(), 0x5000);
    let out = place.named("out.ngt");
    let report = repair(place.file(), &out, &RepairOptions::new()).unwrap();
    assert_eq!((report.kept, report.lost), (50, vec![]));
    assert_eq!(VecStore::load(&out).unwrap().tokens(), tokens(50));
}

#[test]
fn a_damaged_header_is_repaired_too() {
    let place = Place::new();
    damaged(&place, &[]);
    write_at(&place.file(), 0, &[0; 4096]);
    let out = place.named("out.ngt");
    repair(place.file(), &out, &RepairOptions::new()).unwrap();
    assert_eq!(BlockReader::open(&out).unwrap().recovery(), []);
    assert_eq!(VecStore::load(&out).unwrap().tokens(), tokens(COUNT));
}

#[test]
fn an_existing_file_is_replaced_only_when_asked() {
    let place = Place::new();
    damaged(&place, &[]);
    let out = place.named("out.ngt");
    fs::write(&out, "mine").unwrap();
    let error = repair(place.file(), &out, &RepairOptions::new()).unwrap_err();
    assert!(
        matches!(error, RepairError::Create(CreateError::Exists { .. })),
        "{error}"
    );
    assert_eq!(fs::read(&out).unwrap(), b"mine");
    repair(place.file(), &out, &RepairOptions::new().replace(true)).unwrap();
    assert_eq!(place.names(), ["a.ngt", "out.ngt"]);
    // Not by its own repair: what that lost may still be in the original.
    std::os::unix::fs::symlink("a.ngt", place.named("link.ngt")).unwrap();
    let before = fs::read(place.file()).unwrap();
    for same in [place.file(), place.named("link.ngt")] {
        let error = repair(place.file(), &same, &RepairOptions::new().replace(true));
        let error = error.unwrap_err();
        assert!(matches!(error, RepairError::SameFile { .. }), "{error}");
    }
    assert!(fs::read(place.file()).unwrap() == before);
}

#[test]
fn what_is_no_token_file_is_not_repaired() {
    let place = Place::new();
    fs::write(place.file(), [1; 0x20000]).unwrap();
    let out = place.named("out.ngt");
    let error = repair(place.file(), &out, &RepairOptions::new()).unwrap_err();
    assert!(
        matches!(error, RepairError::Open(OpenError::NotATokenFile { .. })),
        "{error}"
    );
    assert_eq!(place.names(), ["a.ngt"]);
}
