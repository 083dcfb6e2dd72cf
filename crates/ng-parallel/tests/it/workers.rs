//! Threads, flags and nesting.

use std::collections::HashSet;
use std::sync::{Barrier, Mutex};
use std::thread::{self, ThreadId};

use ng_parallel::{ParallelError, Shards, StopFlag, Workers, WorkersError, map_reduce, map_shards};
use ng_store::BLOCK_TOKENS;

use crate::{PANIC_TOKENS, THREADS, comes_to_an_end, tokens, workers};

/// Returns the threads that worked on `shards` shards, the first `meet` of them
/// at the same time.
fn working_threads(workers: &Workers, shards: usize, meet: usize) -> HashSet<ThreadId> {
    let (seen, barrier) = (Mutex::new(HashSet::new()), Barrier::new(meet));
    let plan = Shards::with_shard_tokens(shards * BLOCK_TOKENS, BLOCK_TOKENS);
    map_shards(workers, plan, |shard| {
        if shard.number < meet {
            barrier.wait();
        }
        seen.lock().unwrap().insert(thread::current().id());
    })
    .unwrap();
    seen.into_inner().unwrap()
}

#[test]
fn one_worker_is_the_calling_thread() {
    let here = HashSet::from([thread::current().id()]);
    assert_eq!(working_threads(&workers(1), 5, 1), here);
}

#[test]
fn several_workers_are_the_calling_thread_and_others() {
    comes_to_an_end("all at the same time", || {
        for threads in THREADS {
            let working = working_threads(&workers(threads), 4 * threads, threads);
            assert!(working.contains(&thread::current().id()));
            assert_eq!(working.len(), threads);
        }
    });
}

#[test]
fn a_single_shard_is_the_calling_threads() {
    let here = HashSet::from([thread::current().id()]);
    for threads in THREADS {
        assert_eq!(working_threads(&workers(threads), 1, 1), here);
    }
}

#[test]
fn a_task_of_another_pool_has_all_workers() {
    comes_to_an_end("all at the same time", || {
        let builder = rayon::ThreadPoolBuilder::new().num_threads(1);
        builder.build().unwrap().install(|| {
            for threads in THREADS {
                let working = working_threads(&workers(threads), 4 * threads, threads);
                assert!(working.contains(&thread::current().id()));
                assert_eq!(working.len(), threads);
            }
        });
    });
}

#[test]
fn an_operation_within_a_closure_is_the_threads_that_calls_it() {
    for threads in THREADS.into_iter().filter(|&threads| threads > 1) {
        let (these, others) = (workers(threads), workers(threads));
        let shards = Shards::with_shard_tokens(20 * BLOCK_TOKENS, BLOCK_TOKENS);
        map_shards(&these, shards, |_| {
            for inner in [&these, &others] {
                let here = thread::current().id();
                map_shards(
                    inner,
                    Shards::with_shard_tokens(5 * BLOCK_TOKENS, BLOCK_TOKENS),
                    |_| {
                        assert_eq!(thread::current().id(), here);
                        // Time for another thread to wake up.
                        (0..100).for_each(|_| thread::yield_now());
                    },
                )
                .unwrap();
            }
        })
        .unwrap();
    }
}

#[test]
fn workers_know_their_number() {
    for threads in THREADS {
        assert_eq!(workers(threads).threads(), threads);
    }
}

#[test]
fn workers_that_cannot_be_are_refused_with_what_can() {
    let most = Workers::max_threads();
    for (threads, told) in [
        (0, "0 worker threads, expected at least 1".to_owned()),
        (
            most + 1,
            format!("{} worker threads, expected at most {most}", most + 1),
        ),
        (
            usize::MAX,
            format!("{} worker threads, expected at most {most}", usize::MAX),
        ),
    ] {
        assert_eq!(Workers::new(threads).unwrap_err().to_string(), told);
    }
    assert!(matches!(Workers::new(0), Err(WorkersError::None)));
}

/// On a thread restricted to one processor, the system grants one.
#[test]
#[cfg(target_os = "linux")]
fn available_workers_are_as_many_as_the_system_grants() {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

    let granted = thread::available_parallelism().unwrap().get();
    assert_eq!(Workers::available().unwrap().threads(), granted);
    thread::spawn(|| {
        let (all, mut one) = (sched_getaffinity(None).unwrap(), CpuSet::new());
        let first = (0..CpuSet::MAX_CPU).find(|&processor| all.is_set(processor));
        one.set(first.unwrap());
        sched_setaffinity(None, &one).unwrap();
        assert_eq!(Workers::available().unwrap().threads(), 1);
    })
    .join()
    .unwrap();
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
fn operations_on_the_same_workers_are_stopped_apart() {
    for threads in THREADS {
        let workers = workers(threads);
        let stop = StopFlag::new();
        let one = workers.with_stop_flag(stop.clone());
        let shards = Shards::with_shard_tokens(64 * BLOCK_TOKENS, BLOCK_TOKENS);
        let outcome = map_shards(&workers, shards, |shard| {
            if shard.number == 3 {
                stop.stop();
                let stopped = map_shards(&one, shards, |_| panic!("the flag was set"));
                assert_eq!(stopped.map(|_: Vec<()>| ()), Err(stopped_of(shards)));
            }
        });
        assert_eq!(outcome.map(|done| done.len()), Ok(64));
        assert_eq!(map_shards(&one, shards, |_| ()), Err(stopped_of(shards)));
        assert!(!workers.stop_flag().is_stopped());
        assert!(one.clone().stop_flag().is_stopped());

        workers.stop_flag().stop();
        stop.clear();
        assert_eq!(
            map_shards(&workers, shards, |_| ()),
            Err(stopped_of(shards))
        );
        assert_eq!(
            map_shards(&one, shards, |_| ()).map(|done| done.len()),
            Ok(64)
        );
    }
}

/// The error of an operation that was stopped before it began.
fn stopped_of(shards: Shards) -> ParallelError {
    ParallelError::Stopped {
        shards_done: 0,
        shards: shards.len(),
    }
}

#[test]
fn handles_are_to_the_same_workers() {
    comes_to_an_end("two handles", || {
        for threads in THREADS {
            let workers = workers(threads);
            let working = working_threads(&workers, 4 * threads, threads);
            let other = workers.with_stop_flag(StopFlag::new());
            drop(workers);
            assert_eq!(other.threads(), threads);
            assert_eq!(working_threads(&other, 4 * threads, threads), working);
        }
    });
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
