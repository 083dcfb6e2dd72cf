//! Committed data destroyed in place: a slot, or the last block.

use std::fs;
use std::path::Path;

use ng_store::{
    AppendOptions, BLOCK_TOKENS, BlockReader, Cause, FileWriter, Finding, LoadError, OpenError,
    TokenSink, TokenStore, VecStore, VerifyBlocks,
};

use super::fixture::{
    Place, create, file_of, flip, open, open_append, open_append_with, read_at, small, tokens,
    verify, write_at,
};

const SLOTS: [u64; 2] = [0x1000, 0x3000];
const TAILS: [u64; 2] = [0x2000, 0x4000];
/// The offset of an intent after a tail image.
const INTENT: u64 = 4032;
const DATA: u64 = 2 << 20;

fn lose_slot(path: &Path, slot: usize) {
    write_at(path, SLOTS[slot], &[0; 4096]);
}

fn lose_intent(path: &Path, slot: usize) {
    write_at(path, TAILS[slot] + INTENT, &[0; 64]);
}

fn findings(path: &Path) -> Vec<Finding> {
    BlockReader::open(path).unwrap().recovery().to_vec()
}

/// Expects that an appender refuses, and writes nothing.
fn check_refused(path: &Path, expected_lost: Option<u64>) {
    let before = fs::read(path).unwrap();
    let error = open_append(path).unwrap_err();
    match &error {
        OpenError::SlotLost { lost, .. } => assert_eq!(*lost, expected_lost, "{error}"),
        _ => panic!("{error}"),
    }
    assert!(fs::read(path).unwrap() == before, "an appender wrote");
}

/// Found in an outside trial: the next append used the older commit and overwrote
/// acknowledged tokens, and the file verified as clean.
#[test]
fn an_acknowledged_commit_whose_slot_is_lost_is_not_written_over() {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[10_000, 11_000]);
    lose_slot(&path, 0);
    check_refused(&path, Some(11_000));
    let reader = BlockReader::open(&path).unwrap();
    assert_eq!(reader.len(), 10_000);
    let lost = Finding::SlotLost {
        slot: 0,
        shown: 10_000,
        lost: Some(11_000),
    };
    assert_eq!(reader.recovery(), [lost]);
    let told = lost.to_string();
    assert!(
        told.ends_with("tokens 10000..11000 may be missing"),
        "{told}"
    );
}

#[test]
fn a_lost_slot_without_its_intent_may_have_held_any_commit() {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[10_000, 11_000]);
    lose_slot(&path, 0);
    lose_intent(&path, 0);
    check_refused(&path, None);
    let [Finding::SlotLost { lost: None, .. }] = findings(&path)[..] else {
        panic!("{:?}", findings(&path));
    };
}

#[test]
fn the_older_slot_lost_is_no_loss_and_appending_goes_on() {
    // Tokens for the counts of generations 1 and 2, and so slots 1 and 0.
    for counts in [&[10_000][..], &[10_000, 11_000], &[1, 2, 3]] {
        let place = Place::new();
        let path = place.file();
        file_of(&path, counts);
        let older = (counts.len() + 1) % 2;
        lose_slot(&path, older);
        assert_eq!(findings(&path), [Finding::Slot { slot: older }]);
        let newest = counts[counts.len() - 1];
        let mut store = open_append(&path).unwrap();
        store.append(&tokens(5)).unwrap();
        store.commit().unwrap();
        drop(store);
        assert_eq!(open(&path).unwrap().tokens()[..newest], tokens(newest));
        assert_eq!(findings(&path), []);
    }
}

/// Opening to append repeats the newest commit: if its slot is lost, the other has
/// everything.
#[test]
fn a_lost_slot_that_repeats_the_other_is_no_loss() {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[10_000]);
    drop(open_append(&path).unwrap());
    lose_slot(&path, 0);
    assert_eq!(findings(&path), [Finding::Slot { slot: 0 }]);
    assert_eq!(open_append(&path).unwrap().tokens(), tokens(10_000));
}

#[test]
fn a_new_file_has_lost_nothing() {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[]);
    assert_eq!(findings(&path), []);
}

/// Most files have one commit, and so a slot 1 that was zero until then: when lost, it was
/// mistaken for one never written.
#[test]
fn a_first_commit_whose_slot_is_lost_is_not_written_over() {
    for count in [1, 64, 10_000] {
        for loses_intent in [false, true] {
            let place = Place::new();
            let path = place.file();
            file_of(&path, &[count]);
            lose_slot(&path, 1);
            if loses_intent {
                lose_intent(&path, 1);
            }
            check_refused(&path, Some(count as u64));
            let lost = Finding::SlotLost {
                slot: 1,
                shown: 0,
                lost: Some(count as u64),
            };
            assert_eq!(findings(&path), [lost]);
        }
    }
}

#[test]
fn a_first_commit_that_has_no_receipt_was_under_way() {
    let place = Place::new();
    let path = place.file();
    let mut store = create(&path, &small()).unwrap();
    let before: [u8; 4096] = read_at(&path, TAILS[0]);
    store.append(&tokens(100)).unwrap();
    store.commit().unwrap();
    drop(store);
    lose_slot(&path, 1);
    write_at(&path, TAILS[0], &before);
    assert_eq!(findings(&path), [Finding::FirstCommitMissing]);
    let mut store = open_append(&path).unwrap();
    store.append(&tokens(7)).unwrap();
    store.commit().unwrap();
    assert_eq!(store.tokens(), tokens(7));
}

/// Slot 0 is the older one then, and the receipt in its tail page no intent of its own.
#[test]
fn the_receipt_of_the_first_commit_is_no_lost_commit() {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[100]);
    lose_slot(&path, 0);
    assert_eq!(findings(&path), [Finding::Slot { slot: 0 }]);
    assert_eq!(open_append(&path).unwrap().tokens(), tokens(100));
}

/// Loading a file into memory has no place for findings.
#[test]
fn a_file_that_may_have_lost_a_commit_is_not_loaded_nor_clean() {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[10_000, 11_000]);
    lose_slot(&path, 0);
    let error = VecStore::load(&path).unwrap_err();
    assert!(
        matches!(error, LoadError::Open(OpenError::SlotLost { .. })),
        "{error}"
    );
    let report = verify(&path).unwrap();
    assert_eq!((report.bad, report.table_matches), (vec![], true));
    assert!(!verify(&path).unwrap().is_clean());
}

#[test]
fn giving_up_the_lost_commit_goes_on_from_the_older_one() {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[10_000, 11_000]);
    lose_slot(&path, 0);
    let options = AppendOptions::new().older_commit(true);
    let mut writer = FileWriter::open_append_with(&path, &options).unwrap();
    assert_eq!(writer.committed_tokens(), 10_000);
    writer.append(&tokens(7)).unwrap();
    writer.commit().unwrap();
    drop(writer);
    assert_eq!(findings(&path), []);
    let store = open(&path).unwrap();
    assert_eq!(store.tokens()[..10_000], tokens(10_000));
    assert_eq!(store.tokens()[10_000..], tokens(7));
    assert!(verify(&path).unwrap().is_clean());
}

#[test]
fn in_format_1_0_any_lost_slot_may_have_held_the_newest_commit() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/golden-1.0.ngt");
    for slot in [0, 1] {
        let place = Place::new();
        let path = place.file();
        fs::copy(&golden, &path).unwrap();
        lose_slot(&path, slot);
        check_refused(&path, None);
    }
}

#[test]
fn a_damaged_last_block_is_one_bad_block_for_who_verifies() {
    let place = Place::new();
    let path = place.file();
    let count = 2 * BLOCK_TOKENS + 100;
    file_of(&path, &[count]);
    flip(&path, (DATA + 2 * BLOCK_TOKENS as u64 * 64) * 8);
    let reader = BlockReader::open(&path).unwrap();
    let mut read = Vec::new();
    for block in 0..2 {
        reader.read_block(block, &mut read).unwrap();
        let start = block as usize * BLOCK_TOKENS;
        assert_eq!(read, tokens(count)[start..start + BLOCK_TOKENS]);
    }
    reader.read_block(2, &mut read).unwrap_err();
    let bad = verify(&path).unwrap().bad;
    assert_eq!(bad.len(), 1);
    assert_eq!((bad[0].block, bad[0].cause), (2, Cause::Data));
}

#[test]
fn appending_goes_on_behind_a_damaged_last_block_if_asked_to() {
    for begun in [1, 64, 100, BLOCK_TOKENS - 1] {
        let place = Place::new();
        let path = place.file();
        let count = BLOCK_TOKENS + begun;
        file_of(&path, &[count]);
        flip(&path, (DATA + BLOCK_TOKENS as u64 * 64) * 8 + 3);
        // A tail image would restore a short end.
        write_at(&path, TAILS[1], &[0; 64]);
        let before = fs::read(&path).unwrap();
        let error = open_append(&path).unwrap_err();
        assert!(matches!(error, OpenError::TailDamaged { .. }), "{error}");
        assert!(fs::read(&path).unwrap() == before, "an appender wrote");

        let options = AppendOptions::new().damaged_tail(true);
        let mut writer = FileWriter::open_append_with(&path, &options).unwrap();
        let closed = Finding::TailClosed { block: 1 };
        assert!(
            writer.recovery().contains(&closed),
            "{:?}",
            writer.recovery()
        );
        assert_eq!(writer.committed_tokens(), 2 * BLOCK_TOKENS as u64);
        writer.append(&tokens(5_000)).unwrap();
        writer.commit().unwrap();
        drop(writer);

        // Existing tokens stay, the hole stays marked, the rest is sound.
        let store = open(&path).unwrap();
        assert_eq!(store.tokens()[..BLOCK_TOKENS], tokens(BLOCK_TOKENS));
        assert_eq!(store.tokens()[2 * BLOCK_TOKENS..], tokens(5_000));
        for _ in 0..2 {
            let report = verify(&path).unwrap();
            let bad: Vec<_> = report
                .bad
                .iter()
                .map(|bad| (bad.block, bad.cause))
                .collect();
            assert_eq!(bad, [(1, Cause::Data)]);
            assert!(report.table_matches);
            drop(FileWriter::open_append(&path).unwrap());
        }
    }
}

/// The map shows the closed block unchanged, and continues after it.
#[test]
fn a_mapped_store_goes_on_behind_a_damaged_last_block_if_asked_to() {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[100]);
    flip(&path, DATA * 8 + 3);
    open_append_with(&path, &AppendOptions::new()).unwrap_err();
    let options = AppendOptions::new().damaged_tail(true);
    let mut store = open_append_with(&path, &options).unwrap();
    assert_eq!(store.len(), BLOCK_TOKENS);
    for _ in 0..2 {
        store.append(&tokens(70)).unwrap();
        store.commit().unwrap();
    }
    let behind = &store.tokens()[BLOCK_TOKENS..];
    assert_eq!((&behind[..70], &behind[70..]), (&*tokens(70), &*tokens(70)));
    let bad = store.mapped_blocks().verify().unwrap().bad;
    assert_eq!(bad.iter().map(|bad| bad.block).collect::<Vec<_>>(), [0]);
    drop(store);
    assert_eq!(open(&path).unwrap().len(), BLOCK_TOKENS + 140);
}
