//! The public surface of `ng-parallel`.

#![allow(
    clippy::unwrap_used,
    reason = "clippy sees no test in the helpers of tests"
)]

mod adopted;
mod fill;
mod for_each_shard;
mod for_each_shard_mut;
mod gather;
mod ingest;
mod load_save;
mod map_reduce;
mod map_shards;
mod operations;
mod panics;
mod shards;
mod verify;
#[path = "../void/mod.rs"]
#[allow(dead_code, reason = "shared with other tests, which look at its sums")]
mod void;
mod waiting;
mod workers;

use std::panic::resume_unwind;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use ng_parallel::{DEFAULT_SHARD_TOKENS, ParallelError, Shards, Workers};
use ng_token::Token;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// One, two, odd, and more than there are shards.
const THREADS: [usize; 5] = [1, 2, 3, 7, 32];

/// Nothing, less than a shard, whole shards, and around them.
const COUNTS: [usize; 8] = [
    0,
    1,
    4_095,
    DEFAULT_SHARD_TOKENS - 1,
    DEFAULT_SHARD_TOKENS,
    DEFAULT_SHARD_TOKENS + 1,
    3 * DEFAULT_SHARD_TOKENS,
    5 * DEFAULT_SHARD_TOKENS + 77,
];

fn workers(threads: usize) -> Workers {
    Workers::new(threads).unwrap()
}

/// How workers are created.
type Start = fn(usize) -> Workers;

/// For claims that hold for started and adopted threads.
const STARTS: [(&str, Start); 2] = [("started", workers), ("adopted", adopted)];

fn adopted(threads: usize) -> Workers {
    Workers::adopt(pool(threads))
}

/// An existing rayon pool.
fn pool(threads: usize) -> ThreadPool {
    let builder = ThreadPoolBuilder::new().num_threads(threads);
    builder.build().unwrap()
}

fn token(index: usize) -> Token {
    Token::new(index as u32).with_timestamp(!(index as u32))
}

fn tokens(count: usize) -> Vec<Token> {
    (0..count).map(token).collect()
}

/// Five shards, and a panic in the first, the middle and the last.
const PANIC_TOKENS: usize = 5 * DEFAULT_SHARD_TOKENS - 9;
const PANIC_SHARDS: [usize; 3] = [0, 2, 4];

/// Returns the error that a panic with `message` in `shard` is to become.
fn panicked(shard: usize, message: &str) -> ParallelError {
    ParallelError::Panicked {
        shard,
        message: message.to_owned(),
    }
}

/// Checks that an operation over `count` tokens was stopped with some shards,
/// but not all, done, and returns how many.
fn check_stopped<T: std::fmt::Debug>(outcome: Result<T, ParallelError>, count: usize) -> usize {
    match outcome {
        Err(ParallelError::Stopped {
            shards_done,
            shards,
        }) => {
            assert_eq!(shards, Shards::new(count).len());
            assert!(shards_done < shards, "{shards_done} of {shards} done");
            shards_done
        }
        other => panic!("not stopped: {other:?}"),
    }
}

/// Runs `body`, and fails if it hangs: a test that waits forever explains nothing.
fn comes_to_an_end(what: &str, body: impl FnOnce() + Send + 'static) {
    let (ends, ended) = channel();
    let thread = thread::spawn(move || {
        body();
        drop(ends);
    });
    match ended.recv_timeout(Duration::from_secs(60)) {
        Err(RecvTimeoutError::Timeout) => panic!("{what}: does not come to an end"),
        Ok(()) | Err(RecvTimeoutError::Disconnected) => {}
    }
    thread.join().unwrap_or_else(|panic| resume_unwind(panic));
}
