//! An ingest allocates its buffers at the start, and nothing afterwards; a verification,
//! one block per thread.
//!
//! A separate program with one test: the counters are process-wide.

#![allow(
    clippy::unwrap_used,
    reason = "clippy sees no test in the helpers of tests"
)]
#![expect(
    unsafe_code,
    reason = "an allocator that counts, and the constructor that maps"
)]

mod void;

use std::alloc::{GlobalAlloc, Layout, System};
use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use ng_parallel::{
    DEFAULT_BUFFER_TOKENS, DEFAULT_DEPTH, IngestOptions, Shards, Workers, ingest_batches_with,
    ingest_shards_with, ingest_with, verify,
};
use ng_store::{
    BLOCK_TOKENS, BlockReader, CachePolicy, CreateOptions, MmapStore, TokenSink, VecStore,
    VerifyBlocks,
};
use ng_token::Token;
use void::Void;

/// The allocator of the system, with counters.
struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
static BYTES: AtomicUsize = AtomicUsize::new(0);
static PEAK_BYTES: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: (1) Every call is handed on, and its result handed back, as they are.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        let bytes = BYTES.fetch_add(layout.size(), Relaxed) + layout.size();
        PEAK_BYTES.fetch_max(bytes, Relaxed);
        // SAFETY: (1) As the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        BYTES.fetch_sub(layout.size(), Relaxed);
        // SAFETY: (1) As the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// What an ingest allocates: calls, and bytes at once.
struct Allocated {
    calls: usize,
    bytes: usize,
}

/// What an ingest is called with: the workers, the options, the sink, and how many tokens.
type Ingest<S> = fn(&Workers, &IngestOptions, &mut S, usize);

fn by_index<S: TokenSink>(workers: &Workers, options: &IngestOptions, sink: &mut S, count: usize) {
    ingest_with(workers, options, sink, count, token).unwrap();
}

fn by_batches(workers: &Workers, options: &IngestOptions, sink: &mut Void, count: usize) {
    ingest_batches_with(workers, options, sink, count, |range, batch| {
        batch.extend(range.map(token));
        Ok::<_, Infallible>(())
    })
    .unwrap();
}

/// The plan's shards are as long as the buffers of the others.
fn by_shards(workers: &Workers, options: &IngestOptions, sink: &mut Void, count: usize) {
    let shards = Shards::with_shard_tokens(count, DEFAULT_BUFFER_TOKENS);
    ingest_shards_with(workers, options, sink, shards, |shard, room| {
        for (place, index) in room.iter_mut().zip(shard.range) {
            *place = token(index);
        }
    })
    .unwrap();
}

fn token(index: usize) -> Token {
    Token::new(index as u32)
}

fn allocated<S: TokenSink>(
    ingest: Ingest<S>,
    workers: &Workers,
    options: &IngestOptions,
    sink: &mut S,
    count: usize,
) -> Allocated {
    let (calls, bytes) = (ALLOCATIONS.load(Relaxed), BYTES.load(Relaxed));
    PEAK_BYTES.store(bytes, Relaxed);
    ingest(workers, options, sink, count);
    Allocated {
        calls: ALLOCATIONS.load(Relaxed) - calls,
        bytes: PEAK_BYTES.load(Relaxed) - bytes,
    }
}

/// The allowance for channels, waiting threads and the pool in addition to the buffers,
/// each of which is two allocations; and for what threads of the previous pool, which
/// nobody joins, may still free meanwhile.
const OTHER_BYTES: usize = 64 << 10;
const OTHER_CALLS: usize = 64;

fn check(ingest: Ingest<Void>, threads: usize, buffer_tokens: usize, depth: usize) {
    let workers = Workers::new(threads).unwrap();
    let options = IngestOptions::new()
        .buffer_tokens(buffer_tokens)
        .depth(depth);
    let buffers = match threads {
        1 => 1,
        _ => threads * 2 + depth,
    };
    let hash_bytes = buffer_tokens / BLOCK_TOKENS * 8;
    let buffer_bytes = buffers * (buffer_tokens * Token::SIZE + hash_bytes);
    for shards in [40, 400] {
        let context = format!("{threads} threads, {options:?}, {shards} shards");
        let mut sink = Void::default();
        let count = shards * buffer_tokens;
        let Allocated { calls, bytes } = allocated(ingest, &workers, &options, &mut sink, count);
        assert!(calls <= buffers * 2 + OTHER_CALLS, "{context}: {calls}");
        let other_bytes = bytes.abs_diff(buffer_bytes);
        assert!(other_bytes <= OTHER_BYTES, "{context}: {bytes} bytes");
        let (count, sum) = (count as u64, sink.id_sum);
        assert_eq!((sink.appended, sum), (count, count * (count - 1) / 2));
    }
}

/// The file keeps a hash for each block, in a vector that doubles.
fn check_file(threads: usize) {
    let workers = Workers::new(threads).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.ngt");
    // SAFETY: (1) Nobody but the test knows the file, and it keeps its hands off
    // while the store lives.
    let mut store = unsafe { MmapStore::create(path, &CreateOptions::new()) }.unwrap();
    let options = IngestOptions::new().buffer_tokens(BLOCK_TOKENS);
    let found = allocated(by_index, &workers, &options, &mut store, 400 * BLOCK_TOKENS);
    let most = (threads * 2 + DEFAULT_DEPTH) * 2 + OTHER_CALLS;
    assert!(found.calls <= most, "{threads} threads: {}", found.calls);
}

/// A verification holds a block per thread for any number of blocks, and rarely a spare one
/// each: a thread never waits for the lock of the spare ones, since a fork may have left it.
fn check_verify(workers: Option<&Workers>) {
    let folder = tempfile::tempdir().unwrap();
    let found = [80, 800].map(|blocks| {
        let path = folder.path().join(blocks.to_string());
        let store = VecStore::from_vec((0..blocks * BLOCK_TOKENS).map(token).collect());
        store.save(&path, &CreateOptions::new()).unwrap();
        drop(store);
        // The available memory is queried once, only for a large file.
        let reader = BlockReader::open(&path)
            .unwrap()
            .with_cache(CachePolicy::Keep);
        let (calls, bytes) = (ALLOCATIONS.load(Relaxed), BYTES.load(Relaxed));
        PEAK_BYTES.store(bytes, Relaxed);
        let report = match workers {
            Some(workers) => verify(workers, &reader).unwrap(),
            None => reader.verify().unwrap(),
        };
        assert!(report.is_clean() && report.blocks == blocks as u64);
        Allocated {
            calls: ALLOCATIONS.load(Relaxed) - calls,
            bytes: PEAK_BYTES.load(Relaxed) - bytes,
        }
    });
    let threads = workers.map_or(2, Workers::threads);
    let context = format!("{threads} threads, by workers: {}", workers.is_some());
    let [few, many] = found.each_ref().map(|found| found.calls);
    assert!(many <= few + OTHER_CALLS, "{context}: {few}, {many}");
    let most = 2 * threads * BLOCK_TOKENS * Token::SIZE + OTHER_BYTES;
    for Allocated { bytes, .. } in found {
        assert!(bytes <= most, "{context}: {bytes} of {most} bytes");
    }
}

#[test]
fn memory_is_the_buffers_whatever_the_count() {
    for threads in [1, 2, 3, 7] {
        for ingest in [by_index, by_batches, by_shards] {
            check(ingest, threads, DEFAULT_BUFFER_TOKENS, DEFAULT_DEPTH);
        }
        check(by_index, threads, BLOCK_TOKENS, 0);
        check_file(threads);
        check_verify(Some(&Workers::new(threads).unwrap()));
    }
    check_verify(None);
}
