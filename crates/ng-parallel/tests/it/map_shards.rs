//! `map_shards` maps every shard of a plan once.

use ng_parallel::ng_store::BLOCK_TOKENS;
use ng_parallel::{ParallelError, Shards, StopFlag, map_shards, serial};

use crate::{COUNTS, PANIC_SHARDS, PANIC_TOKENS, THREADS, check_stopped, panicked, workers};

#[test]
fn results_are_those_of_every_shard_in_their_order() {
    for count in COUNTS {
        for shards in [
            Shards::new(count),
            Shards::with_shard_tokens(count, BLOCK_TOKENS),
        ] {
            let planned = Ok(shards.iter().collect::<Vec<_>>());
            let stop = StopFlag::new();
            assert_eq!(serial::map_shards(&stop, shards, |shard| shard), planned);
            for threads in THREADS {
                let mapped = map_shards(&workers(threads), shards, |shard| shard);
                assert_eq!(mapped, planned, "{threads} threads");
            }
        }
    }
}

#[test]
fn a_panic_names_the_shard() {
    for threads in THREADS {
        for panicking in PANIC_SHARDS {
            let outcome = map_shards(&workers(threads), Shards::new(PANIC_TOKENS), |shard| {
                assert!(shard.number != panicking, "on purpose");
            });
            assert_eq!(outcome, Err(panicked(panicking, "on purpose")));
        }
    }
}

#[test]
fn a_set_flag_stops_at_the_next_shard() {
    for threads in THREADS {
        let workers = workers(threads);
        let stop = workers.stop_flag();
        let outcome = map_shards(&workers, Shards::new(PANIC_TOKENS), |shard| {
            if shard.number == 0 {
                stop.stop();
            }
            while !stop.is_stopped() {
                std::thread::yield_now();
            }
        });
        // As many as there are threads may be under way when the first sets it.
        match outcome {
            Ok(done) => assert!(threads >= done.len(), "{threads} threads"),
            stopped @ Err(ParallelError::Stopped { .. }) => {
                assert!(check_stopped(stopped, PANIC_TOKENS) <= threads);
            }
            other => panic!("{other:?}"),
        }
    }
}
