//! Files are the same bytes for any workers, and are written in order.

#![expect(
    unsafe_code,
    reason = "the constructor that maps; the file is the test's own"
)]

use ng_parallel::{DEFAULT_BUFFER_TOKENS, StopFlag, ingest, serial, verify};
use ng_store::disk::sim::{Call, SimFs};
use ng_store::disk::{Dir, Disk};
use ng_store::{
    BLOCK_TOKENS, BlockReader, CreateOptions, MmapStore, TokenSink, TokenStore, WriteError,
};
use ng_token::Token;

use super::sinks::{NAME, OnDisk};
use crate::{THREADS, token, tokens, workers};

/// Around blocks and buffers, with a last block that is full, begun, or not.
const COUNTS: [usize; 6] = [
    1,
    BLOCK_TOKENS - 1,
    DEFAULT_BUFFER_TOKENS,
    DEFAULT_BUFFER_TOKENS + 1,
    2 * DEFAULT_BUFFER_TOKENS - 7,
    3 * DEFAULT_BUFFER_TOKENS + BLOCK_TOKENS + 77,
];

const STARTS: [usize; 5] = [0, 1, BLOCK_TOKENS - 1, BLOCK_TOKENS, 5_000];

/// Returns all bytes of the file after `append` and a commit.
fn image(tokens: &[Token], append: impl FnOnce(&mut OnDisk)) -> Vec<u8> {
    let fs = SimFs::new();
    let mut sink = OnDisk::create(&fs, tokens);
    append(&mut sink);
    sink.commit().unwrap();
    let disk = sink.0.disk();
    let mut bytes = vec![0; disk.len().unwrap() as usize];
    assert_eq!(disk.read_at(&mut bytes, 0).unwrap(), bytes.len());
    bytes
}

#[test]
fn a_file_is_the_same_bytes_for_any_number_of_threads() {
    for start in STARTS {
        for count in COUNTS {
            let all = tokens(start + count);
            let (before, new) = all.split_at(start);
            let f = |index: usize| token(start + index);
            let oracle = image(before, |sink| sink.append(new).unwrap());
            let twin = image(before, |sink| {
                serial::ingest(&StopFlag::new(), sink, count, f).unwrap();
            });
            assert!(twin == oracle, "serial, {count} at {start}");
            for threads in THREADS {
                let file = image(before, |sink| {
                    ingest(&workers(threads), sink, count, f).unwrap();
                });
                assert!(file == oracle, "{threads} threads, {count} at {start}");
            }
        }
    }
}

#[test]
fn a_buffer_is_one_write_and_its_writeback_starts_at_once() {
    let buffers = 5;
    for threads in THREADS {
        let fs = SimFs::new();
        let mut sink = OnDisk::create(&fs, &[]);
        let before = fs.log().len();
        let count = buffers * DEFAULT_BUFFER_TOKENS;
        ingest(&workers(threads), &mut sink, count, token).unwrap();
        let mut calls = fs.log().split_off(before);
        calls.retain(|call| !matches!(call, Call::Len { .. }));
        let (room, content) = calls.split_at(calls.len() - 2 * buffers);
        assert!(
            room.iter()
                .all(|call| matches!(call, Call::Allocate { .. })),
            "{room:?}"
        );
        for (buffer, pair) in content.chunks(2).enumerate() {
            let at = (2 << 20) + ((buffer as u64) << 20);
            assert!(
                matches!(pair[0], Call::Write { offset, len, .. } if (offset, len) == (at, 1 << 20)),
                "{pair:?}"
            );
            assert!(
                matches!(pair[1], Call::StartWriteback { offset, len, .. } if (offset, len) == (at, 1 << 20)),
                "{pair:?}"
            );
        }
    }
}

#[test]
fn a_mapped_store_holds_what_was_ingested_in_pieces() {
    let folder = tempfile::tempdir().unwrap();
    for threads in THREADS {
        let workers = workers(threads);
        let path = folder.path().join(format!("{threads}.ngt"));
        // SAFETY: (1) Nobody but the test knows the file, and it keeps its hands
        // off while the store lives.
        let mut store = unsafe { MmapStore::create(&path, &CreateOptions::new()) }.unwrap();
        let mut len = 0;
        for count in COUNTS {
            ingest(&workers, &mut store, count, |index| token(len + index)).unwrap();
            len += count;
            if count % 2 == 0 {
                store.commit().unwrap();
            }
        }
        assert_eq!(store.appended_tokens(), len as u64);
        store.commit().unwrap();
        assert!(store.tokens() == tokens(len), "{threads} threads");
        let report = verify(&workers, &BlockReader::open(&path).unwrap()).unwrap();
        assert!(report.is_clean(), "{report:?}");
    }
}

#[test]
fn what_was_ingested_shows_only_after_a_commit() {
    let fs = SimFs::new();
    let mut sink = OnDisk::create(&fs, &tokens(10));
    let count = 3 * DEFAULT_BUFFER_TOKENS;
    ingest(&workers(2), &mut sink, count, |index| token(10 + index)).unwrap();
    let committed = || {
        let file = fs.dir().open(NAME, false).unwrap();
        BlockReader::of_disk(file, NAME).unwrap().len()
    };
    assert_eq!(committed(), 10);
    sink.commit().unwrap();
    assert_eq!(committed(), 10 + count as u64);
}

#[test]
fn a_file_that_is_made_for_fewer_tokens_refuses_before_anything_is_filled() {
    for threads in THREADS {
        let fs = SimFs::new();
        let mut sink = OnDisk::create(&fs, &tokens(10));
        let outcome = ingest(&workers(threads), &mut sink, 1 << 20, |index| {
            panic!("index {index} filled")
        });
        let error = outcome.unwrap_err();
        assert!(
            matches!(
                error,
                ng_parallel::IngestError::Sink(WriteError::Full { .. })
            ),
            "{error}"
        );
        assert_eq!(sink.appended_tokens(), 10);
    }
}
