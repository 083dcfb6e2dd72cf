//! `verify` reports the same as the reader's own verification, for any workers.

#![expect(unsafe_code, reason = "the constructor that maps")]

use std::fs::{self, OpenOptions};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use ng_parallel::{ParallelError, StopFlag, VerifyError, serial, verify, verify_watched};
use ng_store::disk::{Disk, RealFile};
use ng_store::{
    BLOCK_TOKENS, BadBlock, BlockReader, CachePolicy, Cause, CreateOptions, MmapStore, TokenStore,
    VecStore, VerifyBlocks, VerifyReport,
};
use ng_token::Token;
use tempfile::TempDir;

use crate::{THREADS, panicked, tokens, workers};

/// Five shards of eight blocks, the last with three and a part of one.
const COUNT: usize = 35 * BLOCK_TOKENS + 100;
const SHARDS: usize = 5;
const BLOCK_BYTES: u64 = (BLOCK_TOKENS * Token::SIZE) as u64;

/// A file of a test's own.
struct Place {
    _folder: TempDir,
    path: PathBuf,
    data: u64,
    table: u64,
}

impl Place {
    fn new(count: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ngt");
        let options = CreateOptions::new().max_tokens(1 << 20);
        let store = VecStore::from_vec(tokens(count));
        store.save(&path, &options).unwrap();
        let info = BlockReader::open(&path).unwrap().info();
        Self {
            _folder: folder,
            path,
            data: info.data_offset,
            table: info.table_offset,
        }
    }

    /// Changes a byte of a block.
    fn damage_block(&self, block: u64) {
        flip(&self.path, self.data + block * BLOCK_BYTES + 77);
    }

    /// Changes a byte of a block's entry in the table.
    fn damage_entry(&self, block: u64) {
        flip(&self.path, self.table + block * 8 + 3);
    }

    fn reader(&self) -> BlockReader {
        BlockReader::open(&self.path).unwrap()
    }
}

fn flip(path: &Path, offset: u64) {
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, offset).unwrap();
    file.write_all_at(&[!byte[0]], offset).unwrap();
}

/// A map is reported on like a reader. Everything is damaged before mapping, so nothing
/// changes below the map.
#[test]
fn a_map_is_verified_as_its_file_is() {
    for count in [0, 1, 8 * BLOCK_TOKENS, COUNT] {
        let place = Place::new(count);
        for block in [1, 9, 33].into_iter().filter(|_| count == COUNT) {
            place.damage_block(block);
            place.damage_entry(block + 1);
        }
        let oracle = place.reader().verify().unwrap();
        assert_eq!(oracle.bad.len(), if count == COUNT { 6 } else { 0 });
        // SAFETY: (1) Nobody but the test knows the file.
        let store = unsafe { MmapStore::open(&place.path) }.unwrap();
        assert_eq!(store.len(), count);
        assert_eq!(store.mapped_blocks().verify().unwrap(), oracle);
        let blocks = store.mapped_blocks();
        let twin = serial::verify(&StopFlag::new(), &blocks).unwrap();
        assert_eq!(twin, oracle);
        for threads in THREADS {
            let report = verify(&workers(threads), &blocks).unwrap();
            assert_eq!(report, oracle, "{threads} threads");
        }
    }
}

/// Checks that all report the same as the reader, and returns that.
fn agreed(place: &Place) -> VerifyReport {
    let reader = place.reader();
    let oracle = reader.verify().unwrap();
    let twin = serial::verify(&StopFlag::new(), &reader).unwrap();
    assert_eq!(twin, oracle);
    for threads in THREADS {
        let report = verify(&workers(threads), &reader).unwrap();
        assert_eq!(report, oracle, "{threads} threads");
    }
    oracle
}

fn causes(report: &VerifyReport) -> Vec<(u64, Cause)> {
    let bad = report.bad.iter();
    bad.map(|bad| (bad.block, bad.cause)).collect()
}

#[test]
fn a_sound_file_of_any_length_is_clean() {
    for count in [0, 1, BLOCK_TOKENS, 8 * BLOCK_TOKENS, 8 * BLOCK_TOKENS + 1] {
        let report = agreed(&Place::new(count));
        assert!(report.is_clean());
        assert_eq!(report.blocks, count.div_ceil(BLOCK_TOKENS) as u64);
    }
}

#[test]
fn every_bad_block_is_named_with_its_cause() {
    use Cause::{Data, RestorableTail, Table};
    let place = Place::new(COUNT);
    for block in [0, 7, 20] {
        place.damage_block(block);
    }
    for block in [8, 34] {
        place.damage_entry(block);
    }
    // The end of the last block has an image.
    flip(&place.path, place.data + (COUNT as u64 - 1) * 64);
    assert_eq!(
        causes(&agreed(&place)),
        [
            (0, Data),
            (7, Data),
            (8, Table),
            (20, Data),
            (34, Table),
            (35, RestorableTail)
        ]
    );
}

#[test]
fn a_file_that_lost_its_end_has_bad_blocks_only_there() {
    let place = Place::new(COUNT);
    let file = OpenOptions::new().write(true).open(&place.path).unwrap();
    file.set_len(place.data + 30 * BLOCK_BYTES).unwrap();
    let disk = RealFile::open(&place.path, false).unwrap();
    let reader = BlockReader::of_truncated_disk(disk, &place.path).unwrap();
    let oracle = reader.verify().unwrap();
    assert_eq!(oracle.bad.len(), 6);
    for threads in THREADS {
        assert_eq!(verify(&workers(threads), &reader).unwrap(), oracle);
    }
}

#[test]
fn a_stop_ends_it_at_a_shard() {
    let place = Place::new(COUNT);
    for threads in THREADS {
        let workers = workers(threads);
        workers.stop_flag().stop();
        let error = verify(&workers, &place.reader()).unwrap_err();
        let (shards_done, shards) = (0, SHARDS);
        let stopped = ParallelError::Stopped {
            shards_done,
            shards,
        };
        assert!(
            matches!(&error, VerifyError::Parallel(found) if *found == stopped),
            "{error}"
        );
        workers.stop_flag().clear();
        assert!(verify(&workers, &place.reader()).unwrap().is_clean());
    }
}

/// A disk that cannot be read in a range, or that panics there.
struct BadSectors {
    file: RealFile,
    bad: Range<u64>,
    panics: bool,
}

impl BadSectors {
    fn reader(place: &Place, block: u64, panics: bool) -> BlockReader<Self> {
        let start = place.data + block * BLOCK_BYTES;
        let disk = Self {
            file: RealFile::open(&place.path, false).unwrap(),
            bad: start..place.data + COUNT as u64 * 64,
            panics,
        };
        BlockReader::of_disk(disk, &place.path).unwrap()
    }
}

impl Disk for BadSectors {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        if !self.bad.contains(&offset) {
            return self.file.read_at(buffer, offset);
        }
        assert!(!self.panics, "on purpose");
        Err(io::Error::from_raw_os_error(5))
    }

    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn set_len(&self, _len: u64) -> io::Result<()> {
        unreachable!("nothing is written")
    }

    fn write_at(&self, _buffer: &[u8], _offset: u64) -> io::Result<usize> {
        unreachable!("nothing is written")
    }

    fn allocate(&self, _offset: u64, _len: u64) -> io::Result<()> {
        unreachable!("nothing is written")
    }

    fn start_writeback(&self, _offset: u64, _len: u64) -> io::Result<()> {
        unreachable!("nothing is written")
    }

    fn sync(&self) -> io::Result<()> {
        unreachable!("nothing is written")
    }
}

#[test]
fn blocks_that_cannot_be_read_are_named_whoever_reads() {
    let place = Place::new(COUNT);
    for block in [0, 13, 34] {
        let serially = BadSectors::reader(&place, block, false).verify().unwrap();
        let unreadable = |bad: &BadBlock| bad.cause == Cause::Unreadable;
        assert!(serially.bad.iter().all(unreadable) && serially.table_matches);
        assert_eq!(serially.bad[0].block, block);
        for threads in THREADS {
            let reader = BadSectors::reader(&place, block, false);
            let report = verify(&workers(threads), &reader).unwrap();
            assert_eq!(report, serially, "{threads} threads");
        }
    }
}

#[test]
fn a_disk_that_panics_is_an_error_that_names_the_shard() {
    let place = Place::new(COUNT);
    for threads in THREADS {
        let reader = BadSectors::reader(&place, 13, true);
        let error = verify(&workers(threads), &reader).unwrap_err();
        let expected = panicked(1, "on purpose");
        assert!(
            matches!(&error, VerifyError::Parallel(found) if *found == expected),
            "{threads} threads: {error}"
        );
    }
}

#[test]
fn verifying_changes_no_byte() {
    let place = Place::new(COUNT);
    place.damage_block(3);
    let before = fs::read(&place.path).unwrap();
    verify(&workers(2), &place.reader()).unwrap();
    assert!(fs::read(&place.path).unwrap() == before);
}

#[test]
fn whoever_watches_is_told_of_every_token_once() {
    let place = Place::new(COUNT);
    let reader = place.reader();
    for threads in THREADS {
        let told = AtomicU64::new(0);
        let watch = |tokens| _ = told.fetch_add(tokens, Ordering::Relaxed);
        let report = verify_watched(&workers(threads), &reader, watch).unwrap();
        assert!(report.is_clean());
        assert_eq!(told.into_inner(), COUNT as u64, "{threads} threads");
    }
}

#[test]
fn a_reader_that_bypasses_the_page_cache_finds_what_others_find() {
    let place = Place::new(COUNT);
    place.damage_block(3);
    place.damage_block(34);
    place.damage_entry(9);
    let reader = BlockReader::open(&place.path).unwrap();
    let oracle = reader.verify().unwrap();
    assert_eq!(oracle.bad.len(), 3);
    for policy in [CachePolicy::Keep, CachePolicy::Bypass] {
        let reader = BlockReader::open(&place.path).unwrap().with_cache(policy);
        for threads in THREADS {
            let report = verify(&workers(threads), &reader).unwrap();
            assert_eq!(report, oracle, "{policy:?}, {threads} threads");
            let pass = verify(&workers(threads), &reader.pass()).unwrap();
            assert_eq!(pass, oracle, "{policy:?}, {threads} threads");
        }
    }
}
