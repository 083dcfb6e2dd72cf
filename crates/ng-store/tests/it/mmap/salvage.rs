//! Files that have lost commit slots, or the header.

#![allow(
    clippy::single_range_in_vec_init,
    reason = "the lost ranges are listed as the report lists them"
)]

use std::ops::Range;

use ng_store::{
    Basis, Cause, OpenError, RepairError, RepairOptions, RepairReport, TokenSink, TokenStore,
    VecStore,
};
use ng_token::Token;
use twox_hash::XxHash3_64;

use super::fixture::{
    Place, create, file_of, flip, open_append, read_at, repair, set_len, small, tokens, verify,
    write_at,
};
use super::lies::lie;

const BLOCK: usize = 4096;
const TABLE: u64 = 0x10000;
const DATA: u64 = 2 << 20;
const BLOCK_BYTES: u64 = 256 << 10;
const SLOTS: [u64; 2] = [0x1000, 0x3000];
const INTENTS: [u64; 2] = [0x2000 + 4032, 0x4000 + 4032];
const HEADER_COPY: u64 = 0xF000;

/// The intent of the commit that a copy of a slot is of.
fn intent_of(copy: &[u8; 512]) -> [u8; 64] {
    let mut intent = [0; 64];
    for (to, from) in [8, 32, 40, 48, 64, 80, 88].into_iter().enumerate() {
        intent[to * 8..][..8].copy_from_slice(&copy[from..from + 8]);
    }
    let half = |at: usize| u64::from_le_bytes(copy[at..at + 8].try_into().unwrap());
    let seed = half(16) ^ half(24);
    let checksum = XxHash3_64::oneshot_with_seed(seed, &intent[..56]);
    intent[56..].copy_from_slice(&checksum.to_le_bytes());
    intent
}

/// A file of format 1.0 or 1.1 with one commit for each count.
fn committed(counts: &[usize], has_intents: bool) -> Place {
    let place = Place::new();
    file_of(&place.file(), counts);
    if !has_intents {
        make_1_0(&place);
    }
    place
}

/// Removes what format 1.1 adds.
fn make_1_0(place: &Place) {
    let path = place.file();
    for offset in INTENTS {
        write_at(&path, offset, &[0; 64]);
    }
    write_at(&path, HEADER_COPY, &[0; 4096]);
    lie::<4096>(&path, 0, 10, &[0; 2]);
    lie::<4096>(&path, 0, 96, &[0; 8]);
    let header: [u8; 128] = read_at(&path, 0);
    for copy in SLOTS.into_iter().flat_map(|slot| [slot, slot + 0x800]) {
        if read_at(&path, copy) != [0; 8] {
            lie::<512>(&path, copy, 96, &header);
        }
    }
}

fn lose_slot(place: &Place, slot: usize) {
    write_at(&place.file(), SLOTS[slot], &[0; 4096]);
}

fn damage(place: &Place, block: u64) {
    flip(&place.file(), (DATA + block * BLOCK_BYTES) * 8);
}

fn try_repair(place: &Place, options: &RepairOptions) -> Result<RepairReport, RepairError> {
    repair(
        place.file(),
        place.named("out.ngt"),
        &options.clone().replace(true),
    )
}

/// Repairs, and checks that the new file has the tokens of the report, with `count` tokens
/// ever written.
fn check(place: &Place, options: &RepairOptions, count: usize) -> RepairReport {
    let report = try_repair(place, options).unwrap();
    let mut expected = tokens(count);
    expected.truncate(report.tokens as usize);
    for lost in &report.lost {
        expected[lost.start as usize..lost.end as usize].fill(Token::ZERO);
    }
    let out = VecStore::load(place.named("out.ngt")).unwrap();
    if report.unproven.is_empty() {
        assert!(out.tokens() == expected, "{report:?}");
    }
    assert!(verify(place.named("out.ngt")).unwrap().is_clean());
    let sum = |ranges: &[Range<u64>]| ranges.iter().map(|r| r.end - r.start).sum::<u64>();
    assert_eq!(
        report.kept + sum(&report.lost) + sum(&report.unproven),
        report.tokens
    );
    report
}

/// A report without its bad blocks and findings.
fn said(report: &RepairReport) -> (Basis, u64, Vec<Range<u64>>, Vec<Range<u64>>, bool) {
    (
        report.basis,
        report.tokens,
        report.lost.clone(),
        report.hash_only.clone(),
        report.is_whole(),
    )
}

const SALVAGE: RepairOptions = RepairOptions::new().salvage(true);

#[test]
fn a_commit_whose_slot_is_lost_is_recovered_whole_from_its_intent() {
    for counts in [
        &[10_000, 11_000][..],
        &[10, 70, 100],
        &[100, 8192],
        // The first commit, recorded only by its intent.
        &[5000],
    ] {
        let place = committed(counts, true);
        let (newest, count) = (counts.len() % 2, counts[counts.len() - 1]);
        lose_slot(&place, newest);
        let report = check(&place, &RepairOptions::new(), count);
        let generation = counts.len() as u64;
        let basis = Basis::Intent { generation };
        assert_eq!(
            said(&report),
            (basis, count as u64, vec![], vec![], true),
            "{counts:?}"
        );
    }
}

#[test]
fn the_older_commit_is_taken_where_it_is_asked_for_and_is_not_called_whole() {
    let place = committed(&[10_000, 11_000], true);
    lose_slot(&place, 0);
    let older = RepairOptions::new().older_commit(true);
    let report = check(&place, &older, 11_000);
    assert_eq!(said(&report), (Basis::Slot, 10_000, vec![], vec![], false));
    assert!(report.may_be_older);
    // It is the only commit if nothing is lost.
    let place = committed(&[10_000, 11_000], true);
    let report = check(&place, &older, 11_000);
    assert_eq!(said(&report), (Basis::Slot, 11_000, vec![], vec![], true));
}

/// Without an intent, the rest is known only by its hashes.
#[test]
fn full_blocks_beyond_the_older_commit_are_saved_by_their_hashes() {
    let place = committed(&[10_000, 20_000], false);
    lose_slot(&place, 0);
    let report = check(&place, &RepairOptions::new(), 20_000);
    assert_eq!(
        said(&report),
        (Basis::LastBlock, 16_384, vec![], vec![8192..16_384], false)
    );
    let older = RepairOptions::new().older_commit(true);
    assert_eq!(check(&place, &older, 20_000).tokens, 10_000);
    // Of the block that both commits have a part of, the older one proves its own.
    damage(&place, 3);
    flip(&place.file(), (DATA + 2 * BLOCK_BYTES + 200_000) * 8);
    let report = check(&place, &RepairOptions::new(), 20_000);
    assert_eq!(said(&report), (Basis::Slot, 10_000, vec![], vec![], false));
}

#[test]
fn a_block_without_its_hash_between_others_is_lost_or_kept_unproven() {
    let place = committed(&[10_000, 4 * BLOCK + 5], false);
    lose_slot(&place, 0);
    flip(&place.file(), (DATA + 2 * BLOCK_BYTES + 200_000) * 8);
    let report = check(&place, &RepairOptions::new(), 4 * BLOCK + 5);
    let after = 3 * BLOCK as u64..4 * BLOCK as u64;
    assert_eq!(
        said(&report),
        (
            Basis::LastBlock,
            4 * BLOCK as u64,
            vec![10_000..after.start],
            vec![after],
            false
        )
    );
    let bad: Vec<_> = report
        .bad
        .iter()
        .map(|bad| (bad.block, bad.cause))
        .collect();
    assert_eq!(bad, [(2, Cause::Unknown)]);
    // And where the older commit's part of it is damaged, too.
    damage(&place, 2);
    let report = check(&place, &RepairOptions::new(), 4 * BLOCK + 5);
    assert_eq!(report.lost, [8192..12_288]);
    assert_eq!(report.bad.len(), 1, "{report:?}");
}

#[test]
fn what_the_newer_commit_has_lost_is_proven_by_the_older_as_far_as_it_goes() {
    let place = committed(&[2 * BLOCK + 100, 2 * BLOCK + 1000], true);
    lose_slot(&place, 0);
    flip(&place.file(), (DATA + (2 * BLOCK as u64 + 500) * 64) * 8);
    let report = check(&place, &RepairOptions::new(), 2 * BLOCK + 1000);
    let basis = Basis::Intent { generation: 2 };
    let (start, end) = (2 * BLOCK as u64 + 100, 2 * BLOCK as u64 + 1000);
    assert_eq!(said(&report), (basis, end, vec![start..end], vec![], false));
}

#[test]
fn a_chain_that_does_not_hold_leaves_what_is_known_by_hashes_and_the_older_commit() {
    let counts = [BLOCK + 100, 4 * BLOCK + 50];
    let place = committed(&counts, true);
    lose_slot(&place, 0);
    // A block with its entry: whether the others are of this commit is open.
    damage(&place, 2);
    flip(&place.file(), (TABLE + 2 * 8) * 8);
    let report = check(&place, &RepairOptions::new(), counts[1]);
    let block = BLOCK as u64;
    let basis = Basis::Intent { generation: 2 };
    let hash_only = vec![block..2 * block, 3 * block..4 * block];
    assert_eq!(
        said(&report),
        (
            basis,
            counts[1] as u64,
            vec![2 * block..3 * block],
            hash_only,
            false
        )
    );
    assert!(!report.table_matches);
    let keep = RepairOptions::new().keep_unproven(true);
    let report = check(&place, &keep, counts[1]);
    assert_eq!(
        (report.lost, report.unproven),
        (vec![], vec![2 * block..3 * block])
    );
    // Of a block that the older commit cannot prove either, nothing is known.
    damage(&place, 1);
    flip(&place.file(), (TABLE + 8) * 8);
    let report = check(&place, &keep, counts[1]);
    assert_eq!(
        (report.lost, report.unproven),
        (vec![], vec![block..3 * block])
    );
}

#[test]
fn an_end_that_was_never_written_comes_from_the_image_of_the_intent() {
    let place = committed(&[100, 8192 + 90], true);
    lose_slot(&place, 0);
    let end = DATA + (8192 + 64) * 64;
    write_at(&place.file(), end, &[0; 26 * 64]);
    let report = check(&place, &RepairOptions::new(), 8192 + 90);
    assert!(report.is_whole(), "{report:?}");
    // Of another commit, it is of no use.
    flip(&place.file(), 0x2000 * 8);
    let report = check(&place, &RepairOptions::new(), 8192 + 90);
    assert_eq!(report.lost, [8192..8192 + 90]);
}

#[test]
fn a_lost_slot_of_the_commit_before_is_no_loss() {
    let place = committed(&[10_000, 20_000], true);
    lose_slot(&place, 1);
    let report = check(&place, &RepairOptions::new(), 20_000);
    assert_eq!(said(&report), (Basis::Slot, 20_000, vec![], vec![], true));
}

/// Its commit is in progress, or was given up: both slots are sound.
#[test]
fn an_intent_without_a_lost_slot_counts_for_nothing() {
    let place = committed(&[10_000, 20_000], true);
    for copy in [SLOTS[0], SLOTS[0] + 0x800] {
        // Of generation 0 again.
        for field in [8, 32, 40, 48, 56, 64, 72] {
            lie::<512>(&place.file(), copy, field, &[0; 8]);
        }
    }
    let report = check(&place, &RepairOptions::new(), 20_000);
    assert_eq!(said(&report), (Basis::Slot, 10_000, vec![], vec![], true));
}

/// The bytes of a slot with changed numbers, as its intent.
fn lying_intent(place: &Place, slot: usize, fields: &[(usize, u64)]) -> [u8; 64] {
    let mut copy = read_at(&place.file(), SLOTS[slot]);
    for &(offset, value) in fields {
        let field: &mut [u8] = &mut copy[offset..offset + 8];
        field.copy_from_slice(&value.to_le_bytes());
    }
    intent_of(&copy)
}

/// Its checksum holds, but it is from another slot, shrinks the file, is not the next one,
/// or is impossible in this file.
#[test]
fn an_intent_that_cannot_be_is_not_taken() {
    for fields in [
        &[(8, 1)][..],
        &[(8, 4)],
        &[(32, 9_976)],
        &[(32, (1 << 20) + 1)],
        &[(32, u64::MAX)],
    ] {
        let place = committed(&[10_000, 11_000], true);
        let intent = lying_intent(&place, 0, fields);
        write_at(&place.file(), INTENTS[0], &intent);
        lose_slot(&place, 0);
        let report = check(&place, &RepairOptions::new(), 11_000);
        assert_eq!(
            said(&report),
            (Basis::Slot, 10_000, vec![], vec![], false),
            "{fields:?}"
        );
    }
}

/// Bits of a later version, in a header that is sound.
#[test]
fn what_must_not_be_read_is_not_salvaged() {
    let place = committed(&[10_000], true);
    for offset in [0, HEADER_COPY] {
        let mut page: [u8; 4096] = read_at(&place.file(), offset);
        page[88] = 1;
        let checksum = XxHash3_64::oneshot(&page[..4088]);
        page[4088..].copy_from_slice(&checksum.to_le_bytes());
        write_at(&place.file(), offset, &page);
    }
    for slot in [0, 1] {
        lose_slot(&place, slot);
    }
    let error = try_repair(&place, &SALVAGE).unwrap_err();
    assert!(
        matches!(error, RepairError::Open(OpenError::Features { .. })),
        "{error}"
    );
}

#[test]
fn both_slots_lost_is_an_error_and_salvaged_from_the_intents() {
    for counts in [&[10, 70, 10_000][..], &[10_000, 11_000]] {
        let place = committed(counts, true);
        for slot in [0, 1] {
            lose_slot(&place, slot);
        }
        let error = try_repair(&place, &RepairOptions::new()).unwrap_err();
        assert!(
            matches!(error, RepairError::Open(OpenError::NoCommit { .. })),
            "{error}"
        );
        let count = counts[counts.len() - 1];
        let report = check(&place, &SALVAGE, count);
        let generation = counts.len() as u64;
        let basis = Basis::Intent { generation };
        assert_eq!(said(&report), (basis, count as u64, vec![], vec![], true));
        let older = SALVAGE.older_commit(true);
        let report = check(&place, &older, count);
        let before = counts[counts.len() - 2] as u64;
        assert_eq!((report.tokens, report.is_whole()), (before, false));
        // One intent alone does not say whether it was the last.
        write_at(&place.file(), INTENTS[counts.len() % 2], &[0; 64]);
        let report = check(&place, &SALVAGE, count);
        assert!(report.may_be_older && !report.is_whole());
        assert!(report.lost.is_empty());
    }
}

/// The last commit wrote over the intent of the one before the one before it.
#[test]
fn intents_that_do_not_follow_each_other_may_hide_a_commit() {
    for (generation, may_be_older) in [(4, false), (2, true)] {
        let place = committed(&[1, 2, 3, 100, 10_000], true);
        let intent = lying_intent(&place, 0, &[(8, generation)]);
        write_at(&place.file(), INTENTS[0], &intent);
        for slot in [0, 1] {
            lose_slot(&place, slot);
        }
        let report = check(&place, &SALVAGE, 10_000);
        assert_eq!((report.kept, report.may_be_older), (10_000, may_be_older));
        assert_eq!(report.is_whole(), !may_be_older);
    }
}

#[test]
fn without_slots_and_intents_full_blocks_are_salvaged_by_their_hashes() {
    for (damaged, lost, tokens) in [
        (vec![], vec![], 3 * BLOCK as u64),
        (vec![1], vec![4096..8192], 3 * BLOCK as u64),
        (vec![2], vec![], 2 * BLOCK as u64),
        (vec![0, 1, 2], vec![], 0),
    ] {
        let place = committed(&[100, 3 * BLOCK + 100], false);
        for slot in [0, 1] {
            lose_slot(&place, slot);
        }
        for block in damaged {
            damage(&place, block);
        }
        let report = check(&place, &SALVAGE, 3 * BLOCK + 100);
        assert_eq!((report.tokens, &report.lost), (tokens, &lost));
        assert_eq!(report.basis, Basis::LastBlock);
        assert!(report.may_be_older && !report.table_matches && !report.is_whole());
    }
}

#[test]
fn any_sound_copy_of_the_header_is_enough() {
    // Everything before the table except one copy.
    let copies = [0..0x1000, 0x1000..0x1200, 0x3800..0x3A00, 0xF000..0x10000];
    for kept in copies {
        let place = committed(&[100, 2 * BLOCK], true);
        let whole: [u8; 0x10000] = read_at(&place.file(), 0);
        write_at(&place.file(), 0, &[0x55; 0x10000]);
        write_at(&place.file(), kept.start as u64, &whole[kept.clone()]);
        let report = check(&place, &SALVAGE, 2 * BLOCK);
        assert_eq!((report.tokens, report.kept), (8192, 8192), "{kept:?}");
        assert!(report.lost.is_empty());
    }
    let place = committed(&[100], true);
    write_at(&place.file(), 0, &[0x55; 0x10000]);
    assert!(matches!(
        try_repair(&place, &SALVAGE).unwrap_err(),
        RepairError::Open(OpenError::NotATokenFile { .. })
    ));
}

#[test]
fn a_file_with_its_slots_is_salvaged_as_it_is_repaired() {
    let place = committed(&[100, 3 * BLOCK + 100], true);
    damage(&place, 1);
    let report = check(&place, &SALVAGE, 3 * BLOCK + 100);
    assert_eq!(
        report,
        check(&place, &RepairOptions::new(), 3 * BLOCK + 100)
    );
}

/// A header with a valid checksum may claim anything, and so may an intent.
#[test]
fn lies_cost_a_salvage_neither_time_nor_room() {
    let place = Place::new();
    let mut store = create(&place.file(), &small().max_tokens(1 << 34)).unwrap();
    store.append(&tokens(2 * BLOCK + 5)).unwrap();
    store.commit().unwrap();
    drop(store);
    // A hole of 64 GiB behind the tokens.
    let length = std::fs::metadata(place.file()).unwrap().len();
    set_len(&place.file(), length + (64 << 30));
    let lie = lying_intent(&place, 1, &[(32, 1 << 33), (40, 7), (48, 0), (64, 0)]);
    for slot in [0, 1] {
        lose_slot(&place, slot);
    }
    let compact = SALVAGE.compact(true);
    let report = check(&place, &compact, 2 * BLOCK + 5);
    assert_eq!((report.tokens, report.kept), (8197, 8197));
    // More tokens than the file has room for.
    for intent in INTENTS {
        write_at(&place.file(), intent, &lie);
    }
    set_len(&place.file(), length);
    let report = try_repair(&place, &compact).unwrap();
    assert_eq!((report.tokens, report.kept), (1 << 33, 8192));
    assert_eq!(report.hash_only, [0..8192]);
}

#[test]
fn unknown_blocks_are_kept_as_they_are_when_asked() {
    let place = committed(&[3 * BLOCK + 100], false);
    damage(&place, 1);
    flip(&place.file(), (TABLE + 8) * 8);
    let report = check(&place, &RepairOptions::new(), 3 * BLOCK + 100);
    assert_eq!(
        (&report.lost, report.unproven.len()),
        (&vec![4096..8192], 0)
    );
    let keep = RepairOptions::new().keep_unproven(true);
    for options in [keep.clone(), keep.compact(true)] {
        let report = check(&place, &options, 3 * BLOCK + 100);
        assert_eq!(
            (report.lost.len(), &report.unproven),
            (0, &vec![4096..8192])
        );
        assert_eq!(report.kept, 2 * BLOCK as u64 + 100);
        assert!(!report.is_whole());
        let out = VecStore::load(place.named("out.ngt")).unwrap();
        let mut expected = tokens(3 * BLOCK + 100);
        let bytes = ng_token::as_bytes_mut(&mut expected[BLOCK..]);
        bytes[0] ^= 1;
        assert!(out.tokens() == expected);
    }
    // Tokens that are known to be damaged are not.
    let place = committed(&[3 * BLOCK + 100], false);
    damage(&place, 1);
    let keep = RepairOptions::new().keep_unproven(true);
    assert_eq!(check(&place, &keep, 3 * BLOCK + 100).lost, [4096..8192]);
}

#[test]
fn a_compact_repair_takes_the_room_of_what_it_keeps() {
    for (damaged, kept) in [(vec![], 40 * BLOCK + 7), (vec![3, 9], 38 * BLOCK + 7)] {
        let place = committed(&[40 * BLOCK + 7], true);
        for block in damaged {
            damage(&place, block);
        }
        let compact = RepairOptions::new().compact(true);
        let report = try_repair(&place, &compact).unwrap();
        assert_eq!(report.kept, kept as u64);
        let length = std::fs::metadata(place.named("out.ngt")).unwrap().len();
        assert_eq!(length, DATA + kept as u64 * 64);
    }
}

/// Nothing from the repair hinders the next commit.
#[test]
fn what_was_salvaged_is_appended_to() {
    let place = committed(&[100, 5000], true);
    for slot in [0, 1] {
        lose_slot(&place, slot);
    }
    check(&place, &SALVAGE, 5000);
    let mut store = open_append(&place.named("out.ngt")).unwrap();
    store.append(&tokens(1)).unwrap();
    store.commit().unwrap();
    assert_eq!(store.len(), 5001);
}
