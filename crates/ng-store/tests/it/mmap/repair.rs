//! What a repair keeps.

#![allow(
    clippy::single_range_in_vec_init,
    reason = "the lost ranges are listed as the report lists them"
)]

use std::fs;

use ng_store::{
    BlockReader, CreateError, OpenError, RepairError, RepairOptions, TokenStore, VecStore, repair,
    verify,
};
use ng_token::Token;

use super::fixture::{Place, file_of, flip, set_len, tokens, write_at};

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

/// A newest slot that was cut off looked like one that was never written, and
/// the file like an empty one that had lost nothing.
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
