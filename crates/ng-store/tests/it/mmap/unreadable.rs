//! Unreadable sectors: an error for themselves, and for nothing else.

use std::io;
use std::ops::Range;
use std::path::Path;

use ng_store::disk::{Dir, Disk, RealDir, RealFile};
use ng_store::file::{Draft, Identity, Stamp, Writer};
use ng_store::{
    BlockReader, Cause, CreateOptions, Finding, OpenError, RepairOptions, TokenStore, VecStore,
    VerifyBlocks, VerifyReport,
};

use super::fixture::{Place, file_of, tokens};

const COUNT: usize = 3 * 4096 + 100;
const DATA: u64 = 2 << 20;
const BLOCK_BYTES: u64 = 256 << 10;

/// A file with bytes that cannot be read.
#[derive(Debug)]
struct BadDisk {
    file: RealFile,
    bad: Range<u64>,
}

impl Disk for BadDisk {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let end = offset + buffer.len() as u64;
        if offset < self.bad.end && self.bad.start < end {
            // `EIO`.
            return Err(io::Error::from_raw_os_error(5));
        }
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

/// The folder of such a file, which is opened once.
struct BadDir;

impl Dir for BadDir {
    type File = BadDisk;

    fn create_exclusive(&self, _name: &str) -> io::Result<BadDisk> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn open(&self, _name: &str, _writable: bool) -> io::Result<BadDisk> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn rename_noreplace(&self, _from: &str, _to: &str) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn rename(&self, _from: &str, _to: &str) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn unlink(&self, _name: &str) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

fn disk(place: &Place, bad: Range<u64>) -> BadDisk {
    BadDisk {
        file: RealFile::open(&place.file(), true).unwrap(),
        bad,
    }
}

fn reader(place: &Place, bad: Range<u64>) -> Result<BlockReader<BadDisk>, OpenError> {
    BlockReader::of_disk(disk(place, bad), place.file())
}

fn sector(offset: u64) -> Range<u64> {
    offset..offset + 512
}

fn bad_of(report: &VerifyReport) -> Vec<(u64, Cause)> {
    let bad = report.bad.iter();
    bad.map(|bad| (bad.block, bad.cause)).collect()
}

/// Repairs into `out.ngt`, and returns what is lost.
fn repaired(place: &Place, bad: Range<u64>) -> Vec<Range<u64>> {
    let reader = reader(place, bad).unwrap();
    let identity = Identity {
        file_id: [9; 16],
        created_ns: 1,
    };
    let dir = RealDir::open(place.file().parent().unwrap()).unwrap();
    let options = CreateOptions::new().max_tokens(1 << 20);
    let draft = Draft::begin(dir, "out.ngt", Path::new("out.ngt"), &options, identity).unwrap();
    let report =
        ng_store::file::repair(&reader, draft, &RepairOptions::new(), Stamp::default()).unwrap();
    assert!(report.table_matches);
    report.lost
}

#[test]
fn a_block_that_cannot_be_read_is_named_and_the_others_are_saved() {
    for (block, lost) in [(1, 4096..8192), (3, 12_288..COUNT as u64)] {
        let place = Place::new();
        file_of(&place.file(), &[COUNT]);
        let bad = sector(DATA + block * BLOCK_BYTES + 512);
        let report = reader(&place, bad.clone()).unwrap().verify().unwrap();
        assert_eq!(bad_of(&report), [(block, Cause::Unreadable)]);
        assert!(report.table_matches && !report.is_clean());
        assert_eq!(repaired(&place, bad), std::slice::from_ref(&lost));
        let mut expected = tokens(COUNT);
        expected[lost.start as usize..lost.end as usize].fill(ng_token::Token::ZERO);
        let out = VecStore::load(place.named("out.ngt")).unwrap();
        assert_eq!(out.tokens(), expected);
    }
}

#[test]
fn entries_that_cannot_be_read_cost_no_token() {
    let place = Place::new();
    file_of(&place.file(), &[COUNT]);
    let bad = sector(0x10000);
    let report = reader(&place, bad.clone()).unwrap().verify().unwrap();
    let entries = (0..3).map(|block| (block, Cause::Table));
    assert_eq!(bad_of(&report), entries.collect::<Vec<_>>());
    assert_eq!(repaired(&place, bad), []);
    let out = VecStore::load(place.named("out.ngt")).unwrap();
    assert_eq!(out.tokens(), tokens(COUNT));
}

/// Header and slots have copies. But an unreadable slot may hold the newest commit, so it
/// is not overwritten.
#[test]
fn a_head_that_cannot_be_read_whole_is_read_as_far_as_it_goes_and_not_written() {
    let place = Place::new();
    file_of(&place.file(), &[1000, COUNT]);
    for (offset, generation, finding) in [
        (0, 2, Finding::Header),
        (
            0x1000,
            1,
            Finding::SlotLost {
                slot: 0,
                shown: 1000,
                lost: Some(COUNT as u64),
            },
        ),
        (0x2000, 2, Finding::TailImage { slot: 0 }),
        (0x3000, 2, Finding::Slot { slot: 1 }),
    ] {
        let found = reader(&place, sector(offset)).unwrap();
        assert_eq!(found.info().generation, generation, "{offset:#x}");
        assert!(
            found.recovery().contains(&finding),
            "{:?}",
            found.recovery()
        );
        let path = place.file();
        let error = Writer::open(&BadDir, disk(&place, sector(offset)), path).unwrap_err();
        assert!(matches!(error, OpenError::Io(_)), "{offset:#x}: {error}");
    }
    let error = reader(&place, 0..0x5000).unwrap_err();
    assert!(matches!(error, OpenError::Io(_)), "{error}");
}
