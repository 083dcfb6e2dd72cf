//! Zeros written ahead by small commits.

use std::path::Path;

use ng_store::BlockReader;
use ng_store::disk::Dir;
use ng_store::disk::sim::{Call, CallKind, Failure, Fault, SimFile, SimFs, When};
use ng_store::file::{Draft, Identity, Stamp, Writer};
use ng_store::{BLOCK_TOKENS, WriteError};

use super::fixture::{small, token, tokens};

const NAME: &str = "a.ngt";

fn create_in(fs: &SimFs) -> Writer<SimFile> {
    let identity = Identity {
        file_id: [5; 16],
        created_ns: 1,
    };
    let draft = Draft::begin(fs.dir(), NAME, Path::new(NAME), &small(), identity);
    draft.unwrap().publish().unwrap()
}

fn commit(writer: &mut Writer<SimFile>, count: usize) -> Result<(), WriteError> {
    let start = writer.appended_tokens() as usize;
    writer.append_with(count, |index| token(start + index))?;
    writer.commit(Stamp::default())
}

fn end(writer: &Writer<SimFile>) -> u64 {
    writer.info().data_offset + writer.committed_tokens() * 64
}

/// The writes that were made behind `from`, and were not of tokens up to `to`.
fn behind(fs: &SimFs, from: u64, to: u64) -> Vec<(u64, u64)> {
    let calls = fs.log().into_iter().filter_map(|call| match call {
        Call::Write { offset, len, .. } if offset >= from => Some((offset, len as u64)),
        _ => None,
    });
    calls.filter(|(offset, len)| offset + len > to).collect()
}

fn check_content(fs: &SimFs, count: usize) {
    let file = fs.dir().open(NAME, false).unwrap();
    let reader = BlockReader::of_disk(file, NAME).unwrap();
    let read: Vec<_> = reader
        .blocks()
        .flat_map(|block| block.unwrap().to_vec())
        .collect();
    assert!(read == tokens(count));
}

#[test]
fn many_small_commits_write_zeros_once_for_all_that_follow() {
    let fs = SimFs::new();
    let mut writer = create_in(&fs);
    for _ in 0..7 {
        commit(&mut writer, 64).unwrap();
    }
    let first = end(&writer);
    assert_eq!(behind(&fs, first, first), [], "too few to tell");
    for _ in 0..60 {
        commit(&mut writer, 64).unwrap();
    }
    let zeros: Vec<_> = behind(&fs, first, end(&writer));
    assert_eq!(zeros, [(first + 4096, 256 << 10)]);
    // They end before the allocated space does.
    for _ in 0..200 {
        commit(&mut writer, 64).unwrap();
    }
    let length = writer.info().length;
    let calls = fs.log();
    let reaches = |call: &Call| matches!(call, Call::Write { offset, len, .. } if offset + *len as u64 > length);
    assert!(!calls.iter().any(reaches));
    check_content(&fs, 267 * 64);
}

#[test]
fn large_commits_write_none_and_begin_the_count_anew() {
    let fs = SimFs::new();
    let mut writer = create_in(&fs);
    for _ in 0..20 {
        commit(&mut writer, 129).unwrap();
    }
    for _ in 0..4 {
        for _ in 0..7 {
            commit(&mut writer, 1).unwrap();
        }
        commit(&mut writer, BLOCK_TOKENS).unwrap();
    }
    let all = end(&writer);
    assert_eq!(behind(&fs, writer.info().data_offset, all), []);
    check_content(&fs, all_tokens(&writer));
}

fn all_tokens(writer: &Writer<SimFile>) -> usize {
    writer.committed_tokens() as usize
}

#[test]
fn room_that_was_given_back_and_taken_again_is_written_ahead_again() {
    let fs = SimFs::new();
    let mut writer = create_in(&fs);
    for _ in 0..8 {
        commit(&mut writer, 64).unwrap();
    }
    writer.shrink_to_fit().unwrap();
    let end = end(&writer);
    assert_eq!(writer.info().length, end);
    let before = fs.operations_of(CallKind::Write);
    commit(&mut writer, 64).unwrap();
    // Tokens, zeros, the tail page, two copies of the slot.
    assert_eq!(fs.operations_of(CallKind::Write) - before, 5);
    check_content(&fs, 9 * 64);
}

#[test]
fn none_are_written_where_the_disk_gains_nothing() {
    let fs = SimFs::new();
    fs.write_elsewhere();
    let mut writer = create_in(&fs);
    for _ in 0..20 {
        commit(&mut writer, 64).unwrap();
    }
    let data_offset = writer.info().data_offset;
    assert_eq!(behind(&fs, data_offset, end(&writer)), []);
    check_content(&fs, 20 * 64);
}

#[test]
fn zeros_that_cannot_be_written_fail_the_commit() {
    let fs = SimFs::new();
    let mut writer = create_in(&fs);
    for _ in 0..7 {
        commit(&mut writer, 64).unwrap();
    }
    // The tokens are written first.
    let writes = fs.operations_of(CallKind::Write);
    fs.inject(
        When::Nth(CallKind::Write, writes + 1),
        Fault::Fail(Failure::Io),
    );
    let error = commit(&mut writer, 64).unwrap_err();
    assert!(matches!(error, WriteError::Io { .. }), "{error}");
    assert!(writer.is_poisoned());
    check_content(&fs, 7 * 64);
}
