use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;

use ng_store::{BlockReader, Cause, ReadError, TokenSink, VecStore, VerifyBlocks, VerifyReport};

use crate::amount;

use super::fixture::{Place, file_of, flip, open, open_append, read_at, token, verify, write_at};

const COUNT: usize = 5 * 4096 + 100;
const BLOCKS: u64 = 6;
const TABLE: u64 = 0x10000;
const DATA: u64 = 2 << 20;
const BLOCK_BYTES: u64 = 256 << 10;

fn sound() -> Place {
    let place = Place::new();
    file_of(&place.file(), &[4000, COUNT]);
    place
}

fn check(place: &Place) -> VerifyReport {
    verify(place.file()).unwrap()
}

fn bad(report: &VerifyReport) -> Vec<(u64, Cause)> {
    report
        .bad
        .iter()
        .map(|bad| (bad.block, bad.cause))
        .collect()
}

/// How many bits of table and data are flipped, one at a time.
const FLIPS: u64 = 100_000;

/// Pseudorandom numbers, from a seed.
fn random(seed: u64) -> u64 {
    let mixed = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^ (mixed >> 32)
}

#[test]
fn a_sound_file_is_clean() {
    let report = check(&sound());
    assert!(report.is_clean());
    assert_eq!(
        (report.blocks, report.bad, report.findings),
        (BLOCKS, vec![], vec![])
    );
}

#[test]
fn any_of_100_000_flipped_bits_is_named_by_its_block_and_never_read() {
    let place = sound();
    let path = place.file();
    let reader = BlockReader::open(&path).unwrap();
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(&path)
        .unwrap();
    let tail: Vec<_> = (5 * 4096..COUNT).map(token).collect();
    let mut tokens = Vec::new();
    for seed in 0..FLIPS {
        let (bit, block) = bit_of(seed);
        let mut byte = [0];
        file.read_exact_at(&mut byte, bit / 8).unwrap();
        file.write_all_at(&[byte[0] ^ 1 << (bit % 8)], bit / 8)
            .unwrap();
        let found = reader.verify_blocks(block..block + 1).unwrap();
        let read = reader.read_block(block, &mut tokens);
        file.write_all_at(&byte, bit / 8).unwrap();
        assert_eq!(found.len(), 1, "seed {seed}, bit {bit}");
        assert_eq!(found[0].block, block, "seed {seed}, bit {bit}");
        match read {
            Err(ReadError::BadBlock { block: named, .. }) => assert_eq!(named, block),
            // The last block's end comes from its image.
            Ok(()) => {
                let whole = ng_token::as_bytes(&tokens) == ng_token::as_bytes(&tail);
                assert!(block == 5 && whole, "seed {seed}, bit {bit}");
            }
            Err(error) => panic!("seed {seed}, bit {bit}: {error}"),
        }
    }
    assert!(check(&place).is_clean());
    amount::count("bit flips: table and data", FLIPS);
}

/// A bit of the table, one time in eleven, or of the data; and its block.
fn bit_of(seed: u64) -> (u64, u64) {
    let (table_bits, data_bits) = (5 * 64, COUNT as u64 * 64 * 8);
    let at = random(seed) % (data_bits + data_bits / 10);
    match at.checked_sub(data_bits) {
        Some(at) => (TABLE * 8 + at % table_bits, at % table_bits / 64),
        None => (DATA * 8 + at, at / (BLOCK_BYTES * 8)),
    }
}

#[test]
fn an_open_store_verifies_itself_as_the_file_is_verified() {
    for bits in [
        vec![],
        vec![(DATA + 2 * BLOCK_BYTES + 9) * 8],
        vec![(TABLE + 8) * 8],
    ] {
        let place = sound();
        for bit in bits {
            flip(&place.file(), bit);
        }
        let expected = check(&place);
        for open in [open, open_append] {
            let store = open(&place.file()).unwrap();
            assert_eq!(store.mapped_blocks().verify().unwrap(), expected);
        }
    }
}

#[test]
fn table_rot_is_told_from_data_rot() {
    let table = |block: u64| (TABLE + block * 8) * 8 + 3;
    let data = |block: u64| (DATA + block * BLOCK_BYTES + 1000) * 8;
    use Cause::{Data, Table};
    for (bits, expected) in [
        (vec![data(0)], vec![(0, Data)]),
        (vec![table(0)], vec![(0, Table)]),
        (vec![data(1), data(4)], vec![(1, Data), (4, Data)]),
        (vec![table(1), table(4)], vec![(1, Table), (4, Table)]),
        (
            vec![data(1), table(2), data(3), table(4)],
            vec![(1, Data), (2, Table), (3, Data), (4, Table)],
        ),
        (vec![data(2), table(2)], vec![(2, Cause::Unknown)]),
    ] {
        let place = sound();
        for bit in bits {
            flip(&place.file(), bit);
        }
        let report = check(&place);
        assert_eq!(bad(&report), expected);
        assert!(!report.is_clean());
        for bad in report.bad {
            assert_eq!(bad.offset, DATA + bad.block * BLOCK_BYTES);
            assert_ne!(bad.found, bad.expected);
        }
    }
}

#[test]
fn a_bad_tail_is_named_with_what_can_be_done() {
    let tail = DATA + 5 * BLOCK_BYTES;
    for (offset, cause) in [(99 * 64, Cause::RestorableTail), (0, Cause::Data)] {
        let place = sound();
        flip(&place.file(), (tail + offset) * 8);
        assert_eq!(bad(&check(&place)), [(5, cause)]);
    }
}

#[test]
fn swapped_stale_and_foreign_blocks_are_named() {
    let block = |index: u64| DATA + index * BLOCK_BYTES;
    let place = sound();
    let path = place.file();
    let one: [u8; BLOCK_BYTES as usize] = read_at(&path, block(1));
    let two: [u8; BLOCK_BYTES as usize] = read_at(&path, block(2));
    write_at(&path, block(1), &two);
    write_at(&path, block(2), &one);
    assert_eq!(bad(&check(&place)), [(1, Cause::Data), (2, Cause::Data)]);
    // With their entries, too: the hash knows its place.
    let entries: [u8; 16] = read_at(&path, TABLE + 8);
    write_at(&path, TABLE + 8, &entries[8..]);
    write_at(&path, TABLE + 16, &entries[..8]);
    let report = check(&place);
    assert_eq!(
        report.bad.iter().map(|b| b.block).collect::<Vec<_>>(),
        [1, 2]
    );

    let place = sound();
    let stale = [0; BLOCK_BYTES as usize / 2];
    write_at(&place.file(), block(3) + BLOCK_BYTES / 2, &stale);
    assert_eq!(bad(&check(&place)), [(3, Cause::Data)]);

    // The same tokens in another file, with the entry that they have there.
    let (place, other) = (sound(), sound());
    let entry: [u8; 8] = read_at(&other.file(), TABLE);
    write_at(&place.file(), TABLE, &entry);
    assert_eq!(bad(&check(&place)), [(0, Cause::Table)]);
    amount::count("swapped, stale and foreign blocks", 6);
}

#[test]
fn a_block_replaced_together_with_its_entry_breaks_the_chain() {
    // Block 0 of a copy of the file that then diverged.
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
    let entry: [u8; 8] = read_at(&other.file(), TABLE);
    write_at(&place.file(), DATA, &block);
    write_at(&place.file(), TABLE, &entry);
    let report = check(&place);
    assert!(report.bad.is_empty() && !report.table_matches && !report.is_clean());
    let error = BlockReader::open(place.file())
        .unwrap()
        .check_table()
        .unwrap_err();
    assert!(matches!(error, ReadError::TableDamaged { .. }), "{error}");
    assert!(VecStore::load(place.file()).is_err());
    amount::count("swapped, stale and foreign blocks", 1);
}

#[test]
fn ranges_find_what_the_whole_finds() {
    let place = sound();
    for block in [0, 2, 5] {
        flip(&place.file(), (DATA + block * BLOCK_BYTES) * 8);
    }
    let reader = BlockReader::open(place.file()).unwrap();
    let whole = reader.verify().unwrap();
    for step in 1..=BLOCKS {
        let mut found = Vec::new();
        for start in (0..BLOCKS)
            .step_by(step as usize)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
        {
            found.extend(
                reader
                    .verify_blocks(start..BLOCKS.min(start + step))
                    .unwrap(),
            );
        }
        assert_eq!(reader.conclude(found).unwrap(), whole);
    }
    assert_eq!(reader.verify_blocks(3..3).unwrap(), []);
}
