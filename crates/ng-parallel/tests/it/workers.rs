//! Threads, flags and nesting.

use std::sync::Mutex;
use std::thread::{self, ThreadId};

use ng_parallel::{ParallelError, Workers, for_each_shard, map_reduce};

use crate::{PANIC_TOKENS, THREADS, tokens, workers};

/// Returns the threads that worked on five shards.
fn working_threads(workers: &Workers) -> Vec<ThreadId> {
    let seen = Mutex::new(Vec::new());
    for_each_shard(workers, &tokens(PANIC_TOKENS), |_, _| {
        seen.lock().unwrap().push(thread::current().id());
    })
    .unwrap();
    seen.into_inner().unwrap()
}

#[test]
fn one_worker_is_the_calling_thread() {
    assert_eq!(working_threads(&workers(1)), [thread::current().id(); 5]);
}

#[test]
fn several_workers_are_never_the_calling_thread() {
    let threads = working_threads(&workers(2));
    assert!(!threads.contains(&thread::current().id()));
}

#[test]
fn workers_work_at_the_same_time() {
    let barrier = std::sync::Barrier::new(3);
    let tokens = tokens(3 * ng_parallel::DEFAULT_SHARD_TOKENS);
    for_each_shard(&workers(3), &tokens, |_, _| {
        barrier.wait();
    })
    .unwrap();
}

#[test]
fn workers_know_their_number() {
    for threads in THREADS {
        assert_eq!(workers(threads).threads().get(), threads);
    }
}

#[test]
fn clones_of_a_stop_flag_are_one_flag() {
    let workers = workers(2);
    let (one, other) = (workers.stop_flag(), workers.stop_flag());
    assert!(!one.is_stopped());
    other.stop();
    assert!(one.is_stopped());
    one.clone().clear();
    assert!(!other.is_stopped());
}

#[test]
fn an_operation_within_an_operation_comes_to_an_end() {
    let tokens = tokens(PANIC_TOKENS);
    for threads in THREADS {
        let workers = workers(threads);
        let nested = map_reduce(
            &workers,
            &tokens,
            |_, _| map_reduce(&workers, &tokens, |_, slice| slice.len(), |l, r| l + r),
            |left, right| if left == right { left } else { Ok(None) },
        );
        assert_eq!(nested, Ok(Some(Ok(Some(PANIC_TOKENS)))));
    }
}

#[test]
fn errors_name_the_shard_and_what_was_done() {
    let stopped = ParallelError::Stopped {
        shards_done: 3,
        shards: 9,
    };
    assert_eq!(stopped.to_string(), "stopped after 3 of 9 shards");
    let panicked = crate::panicked(4, "no luck");
    assert_eq!(panicked.to_string(), "shard 4 panicked: no luck");
}
