//! Workers of a busy pool join when they can, and nobody waits for them.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use ng_parallel::{Shards, StopFlag, Workers, map_shards};
use ng_store::BLOCK_TOKENS;
use rayon::ThreadPool;

use crate::operations::{Material, OPERATIONS};
use crate::{THREADS, comes_to_an_end, pool};

fn shards(count: usize) -> Shards {
    Shards::with_shard_tokens(count * BLOCK_TOKENS, BLOCK_TOKENS)
}

/// Has every thread of `pool` run `task` at the same time, and returns when all do.
fn occupy(pool: &ThreadPool, task: impl Fn() + Clone + Send + 'static) {
    let all_there = Arc::new(Barrier::new(pool.current_num_threads() + 1));
    for _ in 0..pool.current_num_threads() {
        let (there, task) = (Arc::clone(&all_there), task.clone());
        pool.spawn(move || {
            there.wait();
            task();
        });
    }
    all_there.wait();
}

#[test]
fn the_workers_are_as_many_as_the_pool_has_threads() {
    for threads in THREADS {
        let pool = Arc::new(pool(threads));
        assert_eq!(Workers::adopt(Arc::clone(&pool)).threads(), threads);
        assert_eq!(pool.current_num_threads(), threads);
    }
}

/// A task that waits for a lock of the caller may block a thread forever.
#[test]
fn an_operation_comes_to_its_end_while_all_threads_wait_for_its_caller() {
    let material = Arc::new(Material::new());
    for threads in [1, 2, 3] {
        let material = Arc::clone(&material);
        comes_to_an_end(&format!("{threads} busy threads"), move || {
            let pool = Arc::new(pool(threads));
            let workers = Workers::adopt(Arc::clone(&pool));
            let mutex = Arc::new(Mutex::new(()));
            let held = mutex.lock().unwrap();
            let wanted = Arc::clone(&mutex);
            occupy(&pool, move || drop(wanted.lock().unwrap()));
            for (_, operation) in OPERATIONS {
                // More than once: an unanswered call blocks nobody.
                (0..3).for_each(|_| operation(&workers, &material));
            }
            drop(held);
        });
    }
}

#[test]
fn threads_that_were_busy_come_to_an_operation_that_goes_on() {
    comes_to_an_end("threads that were busy", || {
        let pool = Arc::new(pool(3));
        let workers = Workers::adopt(Arc::clone(&pool));
        let (is_busy, others) = (Arc::new(AtomicBool::new(true)), AtomicUsize::new(0));
        let (here, busy) = (thread::current().id(), Arc::clone(&is_busy));
        occupy(&pool, move || {
            while busy.load(Ordering::Relaxed) {
                thread::yield_now();
            }
        });
        let enough = StopFlag::new();
        let stoppable = workers.with_stop_flag(enough.clone());
        let outcome = map_shards(&stoppable, shards(10_000_000), |shard| {
            match thread::current().id() == here {
                true if shard.number > 100 => is_busy.store(false, Ordering::Relaxed),
                true => {}
                false if is_busy.load(Ordering::Relaxed) => panic!("a thread too many"),
                false if others.fetch_add(1, Ordering::Relaxed) > 10 => enough.stop(),
                false => {}
            }
        });
        assert!(outcome.is_err_and(|error| error.to_string().starts_with("stopped")));
    });
}

/// The pool's other tasks get their turn while an operation has all threads.
#[test]
fn the_pools_own_tasks_run_beside_a_long_operation() {
    comes_to_an_end("tasks of the pool", || {
        let pool = Arc::new(pool(2));
        let workers = Workers::adopt(Arc::clone(&pool));
        let (begun, done) = (AtomicUsize::new(0), StopFlag::new());
        let (ends, stoppable) = (done.clone(), workers.with_stop_flag(done));
        let outcome = pool.install(|| {
            let here = thread::current().id();
            map_shards(&stoppable, shards(100_000_000), |_| {
                if thread::current().id() != here && begun.fetch_add(1, Ordering::Relaxed) == 0 {
                    let ends = ends.clone();
                    pool.spawn(move || ends.stop());
                }
            })
        });
        assert!(outcome.is_err_and(|error| error.to_string().starts_with("stopped")));
    });
}

#[test]
fn a_task_of_the_pool_has_the_pools_other_threads() {
    comes_to_an_end("from its own pool", || {
        for threads in [2, 3, 7] {
            let pool = Arc::new(pool(threads));
            let workers = Workers::adopt(Arc::clone(&pool));
            let barrier = Barrier::new(threads);
            pool.install(|| {
                map_shards(&workers, shards(threads), |_| {
                    barrier.wait();
                    assert!(rayon::current_thread_index().is_some());
                })
            })
            .unwrap();
        }
    });
}

/// The threads are the owner's, and outlive the workers.
#[test]
fn the_pool_goes_on_when_its_workers_are_dropped() {
    comes_to_an_end("a pool without workers", || {
        let pool = Arc::new(pool(3));
        for _ in 0..100 {
            let workers = Workers::adopt(Arc::clone(&pool));
            map_shards(&workers, shards(5), |_| ()).unwrap();
        }
        let (ends, ended) = channel();
        for number in 0..3 {
            let ends = ends.clone();
            pool.spawn(move || ends.send(number).unwrap());
        }
        drop(ends);
        assert_eq!(ended.iter().sum::<i32>(), 3);
    });
}
