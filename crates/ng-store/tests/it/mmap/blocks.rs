//! Owned verified blocks: by an iterator with read-ahead, one by one, and from later
//! commits.

use std::sync::mpsc::channel;
use std::thread;

use ng_store::{
    BLOCK_TOKENS, BlockReader, Blocks, CachePolicy, FileWriter, OpenError, ReadError, Snapshot,
    TokenSink, VerifyBlocks,
};
use ng_token::Token;

use super::fixture::{Place, file_of, flip, set_len, token, tokens};

const COUNT: usize = 20 * BLOCK_TOKENS + 100;
/// Where the block table begins.
const TABLE: u64 = 0x10000;

fn owned<T: Send + 'static>(_: &T) {}
fn shared<T: Send + Sync + 'static>(_: &T) {}

#[test]
fn readers_snapshots_and_blocks_are_owned() {
    let place = Place::new();
    file_of(&place.file(), &[100]);
    let reader = BlockReader::open(place.file()).unwrap();
    shared(&reader);
    shared(&reader.pass());
    owned(&reader.blocks());
    owned(&reader.blocks().next().unwrap().unwrap());
    shared(&super::fixture::open(&place.file()).unwrap().snapshot());
    shared::<Option<Snapshot>>(&None);
}

fn collect(blocks: Blocks) -> Vec<Token> {
    blocks.flat_map(|block| block.unwrap().to_vec()).collect()
}

#[test]
fn blocks_are_all_tokens_of_a_range_in_their_order() {
    let place = Place::new();
    file_of(&place.file(), &[COUNT]);
    let all = tokens(COUNT);
    for cache in [CachePolicy::Keep, CachePolicy::Bypass] {
        let reader = BlockReader::open(place.file()).unwrap().with_cache(cache);
        assert!(collect(reader.blocks()) == all);
        for range in [
            0..0,
            7..7,
            0..1,
            4095..4097,
            5000..COUNT,
            8192..12_288,
            COUNT..COUNT,
        ] {
            let blocks = reader.blocks_of(range.start as u64..range.end as u64);
            let count = blocks.len();
            let mut next = range.start as u64;
            let mut seen = 0;
            for block in blocks {
                let block = block.unwrap();
                assert_eq!(block.start(), next);
                next += block.len() as u64;
                seen += 1;
                let expected = &all[block.start() as usize..next as usize];
                assert!(*block == *expected);
                assert!(block.into_tokens() == expected);
            }
            assert_eq!((next, seen), (range.end as u64, count), "{range:?}");
        }
    }
}

#[test]
fn blocks_outlive_what_they_came_from_and_can_be_dropped_early() {
    let place = Place::new();
    file_of(&place.file(), &[COUNT]);
    let mut blocks = BlockReader::open(place.file()).unwrap().blocks();
    let first = blocks.next().unwrap().unwrap();
    assert_eq!(blocks.len(), 20);
    drop(blocks);
    assert!(*first == tokens(BLOCK_TOKENS));
}

#[test]
fn a_bad_block_is_an_error_in_its_place_and_those_behind_it_come() {
    let place = Place::new();
    file_of(&place.file(), &[COUNT]);
    let offset = BlockReader::open(place.file()).unwrap().info().data_offset;
    let bad = 7;
    flip(
        &place.file(),
        8 * (offset + bad * (BLOCK_TOKENS as u64) * 64) + 3,
    );
    let reader = BlockReader::open(place.file()).unwrap();
    let mut seen = Vec::new();
    for (number, block) in reader.blocks().enumerate() {
        match block {
            Ok(block) => seen.extend_from_slice(&block),
            Err(ReadError::BadBlock { block, .. }) => {
                assert_eq!((number as u64, block), (bad, bad));
                seen.extend((0..BLOCK_TOKENS).map(|at| token(bad as usize * BLOCK_TOKENS + at)));
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert!(seen == tokens(COUNT));
}

#[test]
fn a_file_that_is_cut_under_blocks_is_an_error() {
    let place = Place::new();
    file_of(&place.file(), &[COUNT]);
    let reader = BlockReader::open(place.file()).unwrap();
    let mut blocks = reader.blocks();
    blocks.next().unwrap().unwrap();
    set_len(&place.file(), reader.info().data_offset);
    let errors: Vec<_> = blocks.filter_map(Result::err).collect();
    assert!(!errors.is_empty());
    assert!(
        errors
            .iter()
            .all(|error| matches!(error, ReadError::Truncated { .. }))
    );
}

#[test]
fn many_threads_take_blocks_of_clones() {
    let place = Place::new();
    file_of(&place.file(), &[COUNT]);
    let reader = BlockReader::open(place.file()).unwrap();
    let (sender, blocks) = channel();
    for part in 0..4 {
        let (reader, sender) = (reader.clone(), sender.clone());
        thread::spawn(move || {
            let (from, to) = (part * COUNT as u64 / 4, (part + 1) * COUNT as u64 / 4);
            reader
                .blocks_of(from..to)
                .for_each(|block| sender.send(block.unwrap()).unwrap());
        });
    }
    drop((reader, sender));
    let mut blocks: Vec<_> = blocks.into_iter().collect();
    blocks.sort_unstable_by_key(ng_store::Block::start);
    let all: Vec<_> = blocks.iter().flat_map(|block| block.to_vec()).collect();
    assert!(all == tokens(COUNT));
}

#[test]
#[should_panic(expected = "tokens 3..101 of 100")]
fn blocks_beyond_the_end_are_refused() {
    let place = Place::new();
    file_of(&place.file(), &[100]);
    let _ = BlockReader::open(place.file()).unwrap().blocks_of(3..101);
}

#[test]
fn one_token_is_read_and_verified() {
    let place = Place::new();
    file_of(&place.file(), &[COUNT]);
    let reader = BlockReader::open(place.file()).unwrap();
    for index in [0, 1, 4095, 4096, COUNT - 1] {
        assert_eq!(reader.get(index as u64).unwrap(), Some(token(index)));
    }
    assert_eq!(reader.get(COUNT as u64).unwrap(), None);
    assert_eq!(reader.get(u64::MAX).unwrap(), None);
    flip(&place.file(), 8 * (reader.info().data_offset + 5000 * 64));
    assert_eq!(reader.get(4000).unwrap(), Some(token(4000)));
    let bad = reader.get(5001).unwrap_err();
    assert!(matches!(bad, ReadError::BadBlock { block: 1, .. }), "{bad}");
}

#[test]
fn a_reader_goes_on_to_later_commits_and_its_clones_do_not() {
    let place = Place::new();
    let mut writer = FileWriter::create(place.file(), &super::fixture::small()).unwrap();
    let mut reader = BlockReader::open(place.file()).unwrap();
    let mut unsynced = reader.clone();
    assert!(!reader.refresh().unwrap());
    for end in [10, 5_000, 20_000] {
        let start = writer.appended_tokens() as usize;
        writer
            .append_with(end - start, |index| token(start + index))
            .unwrap();
        let before = reader.clone();
        assert!(!reader.refresh().unwrap(), "nothing is committed");
        writer.commit().unwrap();
        assert!(reader.refresh().unwrap() && unsynced.refresh_unsynced().unwrap());
        assert!(!reader.refresh().unwrap() && !unsynced.refresh_unsynced().unwrap());
        for reader in [&reader, &unsynced] {
            assert_eq!(reader.len(), end as u64);
            assert!(collect(reader.blocks()) == tokens(end));
            assert_eq!(reader.commit().generation, writer.info().generation);
        }
        assert_eq!(before.len(), start as u64);
        assert!(collect(before.blocks()) == tokens(start));
    }
}

/// `refresh` reads what `open` does: a damaged last block is reported when it is read.
#[test]
fn a_damaged_last_block_does_not_keep_a_reader_from_going_on() {
    let place = Place::new();
    file_of(&place.file(), &[10]);
    let mut reader = BlockReader::open(place.file()).unwrap();
    let mut writer = FileWriter::open_append(place.file()).unwrap();
    writer.append(&tokens(90)).unwrap();
    writer.commit().unwrap();
    // The image has the end of the block, so the damage is before that.
    flip(&place.file(), 8 * reader.info().data_offset + 5);
    assert!(reader.refresh().unwrap());
    assert_eq!(reader.len(), 100);
    let bad = reader.get(99).unwrap_err();
    assert!(matches!(bad, ReadError::BadBlock { block: 0, .. }), "{bad}");
    assert!(BlockReader::open(place.file()).unwrap().get(0).is_err());
}

/// A pass holds windows of the file as it was: it stays at its commit.
#[test]
fn a_pass_stays_at_its_commit_while_its_reader_goes_on() {
    let place = Place::new();
    let count = 2_000;
    file_of(&place.file(), &[count]);
    let mut reader = BlockReader::open(place.file()).unwrap();
    reader = reader.with_cache(CachePolicy::Bypass);
    let pass = reader.pass();
    let all = |blocks: Blocks| collect(blocks);
    let mut read = Vec::new();
    pass.read_block(0, &mut read).unwrap();
    assert!(read == tokens(count));
    let mut writer = FileWriter::open_append(place.file()).unwrap();
    writer
        .append_with(BLOCK_TOKENS, |index| token(count + index))
        .unwrap();
    writer.commit().unwrap();
    assert!(reader.refresh().unwrap());
    assert!(all(reader.blocks()) == tokens(count + BLOCK_TOKENS));
    pass.read_block(0, &mut read).unwrap();
    assert!(read == tokens(count));
    assert!(reader.pass().verify().unwrap().is_clean());
}

#[test]
fn a_reader_of_a_file_that_went_back_says_so() {
    let place = Place::new();
    file_of(&place.file(), &[10]);
    let before = std::fs::read(place.file()).unwrap();
    let mut writer = FileWriter::open_append(place.file()).unwrap();
    writer.append(&tokens(5)).unwrap();
    writer.commit().unwrap();
    drop(writer);
    let mut reader = BlockReader::open(place.file()).unwrap();
    super::fixture::write_at(&place.file(), 0, &before);
    let error = reader.refresh().unwrap_err();
    assert!(matches!(error, OpenError::WentBack { .. }), "{error}");
}

/// Derived data is checked against these.
#[test]
fn chains_of_the_table_are_those_of_the_commits_that_ended_there() {
    let place = Place::new();
    let blocks = [1, 2, 5, 20];
    let counts = blocks.map(|blocks| blocks * BLOCK_TOKENS);
    file_of(&place.file(), &counts[..1]);
    let mut expected = vec![0];
    let mut reader = BlockReader::open(place.file()).unwrap();
    for count in counts {
        let mut writer = FileWriter::open_append(place.file()).unwrap();
        let there = writer.committed_tokens() as usize;
        writer.append(&tokens(count)[there..]).unwrap();
        writer.commit().unwrap();
        drop(writer);
        reader.refresh().unwrap();
        expected.push(reader.commit().table_chain);
    }
    let ends: Vec<u64> = [0]
        .into_iter()
        .chain(blocks.map(|end| end as u64))
        .collect();
    assert_eq!(reader.table_chains(&ends).unwrap(), expected);
    assert_eq!(reader.table_chains(&ends[2..4]).unwrap(), expected[2..4]);
    assert_eq!(reader.table_chains(&[]).unwrap(), []);
    // A later entry is rotten: no chain of this table is trusted.
    flip(&place.file(), (TABLE + 8 * 19) * 8);
    let error = reader.table_chains(&ends[..2]).unwrap_err();
    assert!(matches!(error, ReadError::TableDamaged { .. }), "{error}");
}

#[test]
#[should_panic(expected = "2 not in 0..=1")]
fn a_chain_beyond_the_full_blocks_is_not_asked_for() {
    let place = Place::new();
    file_of(&place.file(), &[2 * BLOCK_TOKENS - 1]);
    let reader = BlockReader::open(place.file()).unwrap();
    let _ = reader.table_chains(&[2]);
}
