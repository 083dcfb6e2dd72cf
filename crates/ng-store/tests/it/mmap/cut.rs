//! Files that are truncated while they are read.

#![allow(
    clippy::single_range_in_vec_init,
    reason = "the lost ranges are listed as the report lists them"
)]

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use ng_store::disk::{Disk, RealDir, RealFile};
use ng_store::file::{Draft, Identity, Stamp};
use ng_store::{
    BlockReader, Cause, CreateOptions, ReadError, RepairOptions, RepairReport, TokenSink,
    TokenStore, VecStore, VerifyBlocks, VerifyReport,
};
use ng_token::Token;

use super::fixture::{Place, create, file_of, open, set_len, small, tokens};

const COUNT: usize = 3 * 4096 + 100;
const DATA: u64 = 2 << 20;
const BLOCK_BYTES: u64 = 256 << 10;
const NEED: u64 = DATA + COUNT as u64 * 64;

/// A file that is cut to `length` before the operation after `sound` others.
#[derive(Debug)]
struct CutDisk {
    file: RealFile,
    length: u64,
    sound: AtomicU64,
}

impl CutDisk {
    fn new(place: &Place, length: u64) -> Self {
        Self {
            file: RealFile::open(&place.file(), true).unwrap(),
            length,
            sound: AtomicU64::new(u64::MAX),
        }
    }

    fn count(&self) -> io::Result<()> {
        match self.sound.fetch_sub(1, Ordering::Relaxed) {
            0 => self.file.set_len(self.length),
            _ => Ok(()),
        }
    }
}

impl Disk for CutDisk {
    fn len(&self) -> io::Result<u64> {
        self.count()?;
        self.file.len()
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.count()?;
        self.file.read_at(buffer, offset)
    }

    fn write_at(&self, buffer: &[u8], offset: u64) -> io::Result<usize> {
        self.file.write_at(buffer, offset)
    }

    fn allocate(&self, offset: u64, len: u64) -> io::Result<()> {
        self.file.allocate(offset, len)
    }

    fn start_writeback(&self, offset: u64, len: u64) -> io::Result<()> {
        self.file.start_writeback(offset, len)
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync()
    }
}

fn sound() -> Place {
    let place = Place::new();
    file_of(&place.file(), &[COUNT]);
    place
}

fn causes(report: &VerifyReport) -> Vec<(u64, Cause)> {
    let bad = report.bad.iter();
    bad.map(|bad| (bad.block, bad.cause)).collect()
}

/// The blocks that a cut to `length` leaves incomplete, as a report lists them.
fn cut_blocks(length: u64) -> Vec<(u64, Cause)> {
    let first = length.saturating_sub(DATA) / BLOCK_BYTES;
    (first..4).map(|block| (block, Cause::Cut)).collect()
}

/// The lengths after the cut: inside the table, at a block's end, inside a block and inside
/// the last one.
const LENGTHS: [u64; 5] = [
    0x10004,
    DATA,
    DATA + BLOCK_BYTES,
    DATA + 2 * BLOCK_BYTES + 100,
    NEED - 40 * 64,
];

fn check_truncated(read: Result<(), ReadError>, length: u64) {
    match read {
        Err(ReadError::Truncated { have, need, .. }) => assert_eq!((have, need), (length, NEED)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_read_beyond_the_cut_tells_both_lengths_and_one_before_it_reads() {
    for length in LENGTHS {
        let place = sound();
        let reader = BlockReader::open(place.file()).unwrap();
        set_len(&place.file(), length);
        let cut = cut_blocks(length);
        let mut read = Vec::new();
        for block in 0..4 {
            let outcome = reader.read_block(block, &mut read);
            match cut.contains(&(block, Cause::Cut)) {
                true => check_truncated(outcome, length),
                false => outcome.unwrap(),
            }
        }
        let all = reader.for_each(0..COUNT as u64, |_| Ok::<_, ReadError>(()));
        check_truncated(all, length);
        match length < DATA {
            true => check_truncated(reader.check_table(), length),
            false => reader.check_table().unwrap(),
        }
    }
}

#[test]
fn a_verification_tells_of_a_cut_once_whenever_it_happens() {
    for length in LENGTHS {
        for sound_operations in 0.. {
            let place = sound();
            let disk = CutDisk::new(&place, length);
            let reader = BlockReader::of_disk(&disk, place.file()).unwrap();
            disk.sound.store(sound_operations, Ordering::Relaxed);
            let report = reader.verify().unwrap();
            if disk.file.len().unwrap() != length {
                assert!(report.is_clean() && sound_operations > 4);
                break;
            }
            let told = format!("{length:#x} after {sound_operations}: {report:?}");
            let lengths = report.cut.map(|cut| (cut.have, cut.need));
            assert_eq!(lengths, Some((length, NEED)), "{told}");
            assert_eq!(causes(&report), cut_blocks(length), "{told}");
            assert!(!report.is_clean());
        }
    }
}

#[test]
fn a_tail_that_its_image_holds_is_restorable_in_a_file_that_was_cut() {
    let place = sound();
    let reader = BlockReader::open(place.file()).unwrap();
    set_len(&place.file(), NEED - 10 * 64);
    let report = reader.verify().unwrap();
    assert_eq!(causes(&report), [(3, Cause::RestorableTail)]);
    assert!(report.cut.is_some() && !report.is_clean());
    let mut read = Vec::new();
    reader.read_block(3, &mut read).unwrap();
    assert_eq!(read, tokens(COUNT)[3 * 4096..]);
}

/// The last byte of most tokens is zero: cutting it off is reported, and loses nothing.
#[test]
fn zeros_that_were_cut_off_the_last_block_are_no_loss() {
    let place = Place::new();
    let mut store = create(&place.file(), &small()).unwrap();
    let token = |index: usize| Token::new(index as u32);
    store.append_with(COUNT, token).unwrap();
    store.commit().unwrap();
    drop(store);
    let disk = CutDisk::new(&place, NEED - 1);
    let reader = BlockReader::of_disk(&disk, place.file()).unwrap();
    set_len(&place.file(), NEED - 1);
    let report = reader.verify().unwrap();
    assert_eq!(causes(&report), []);
    assert!(report.cut.is_some() && !report.is_clean());
    let report = repair(&reader, &place);
    assert_eq!((report.kept, report.is_whole()), (COUNT as u64, true));
    assert!(report.cut.is_some());
}

/// Touching what the file no longer has would raise a signal.
#[test]
fn a_mapped_file_that_was_cut_is_verified_without_a_touch() {
    for length in LENGTHS {
        let place = sound();
        let store = open(&place.file()).unwrap();
        let reader = BlockReader::open(place.file()).unwrap();
        set_len(&place.file(), length);
        let report = store.mapped_blocks().verify().unwrap();
        assert_eq!(causes(&report), cut_blocks(length));
        assert_eq!(report, reader.verify().unwrap());
    }
}

fn repair(reader: &BlockReader<&CutDisk>, place: &Place) -> RepairReport {
    let identity = Identity {
        file_id: [9; 16],
        created_ns: 1,
    };
    let dir = RealDir::open(place.file().parent().unwrap()).unwrap();
    let options = CreateOptions::new().max_tokens(1 << 20);
    let draft = Draft::begin(dir, "out.ngt", Path::new("out.ngt"), &options, identity).unwrap();
    ng_store::file::repair(reader, draft, &RepairOptions::new(), Stamp::default()).unwrap()
}

#[test]
fn a_repair_lists_all_that_a_cut_takes_from_it() {
    for length in LENGTHS {
        let first_lost = cut_blocks(length)[0].0 * 4096;
        for sound_operations in 0.. {
            let place = sound();
            let disk = CutDisk::new(&place, length);
            let reader = BlockReader::of_disk(&disk, place.file()).unwrap();
            disk.sound.store(sound_operations, Ordering::Relaxed);
            let report = repair(&reader, &place);
            let mut expected = tokens(COUNT);
            for lost in &report.lost {
                assert!(lost.start >= first_lost, "{length:#x}: {report:?}");
                expected[lost.start as usize..lost.end as usize].fill(Token::ZERO);
            }
            let out = VecStore::load(place.named("out.ngt")).unwrap();
            assert!(out.tokens() == expected, "{length:#x}: {report:?}");
            let lost: u64 = report.lost.iter().map(|lost| lost.end - lost.start).sum();
            assert_eq!(report.kept + lost, COUNT as u64);
            if disk.file.len().unwrap() != length {
                assert!(report.is_whole() && report.cut.is_none() && sound_operations > 8);
                break;
            }
            let cut = report.cut.map(|cut| (cut.have, cut.need));
            assert_eq!(cut, Some((length, NEED)));
            assert_eq!(report.is_whole(), report.lost.is_empty());
            if sound_operations == 0 {
                assert_eq!(report.lost, [first_lost..COUNT as u64]);
            }
        }
    }
}
