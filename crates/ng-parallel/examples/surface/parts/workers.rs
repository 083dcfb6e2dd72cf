//! Which threads work.

use std::sync::Arc;

use ng_parallel::rayon::ThreadPoolBuilder;
use ng_parallel::*;

use crate::Outcome;
use crate::place::Place;

pub(super) fn run(_: &Place) -> Outcome {
    assert!(matches!(Workers::new(0), Err(WorkersError::None)));
    let threads = Workers::max_threads() + 1;
    let too_many = Workers::new(threads);
    assert!(matches!(too_many, Err(WorkersError::TooMany { threads: told }) if told == threads));

    let pool = Arc::new(ThreadPoolBuilder::new().num_threads(3).build()?);
    let adopted = Workers::adopt(pool.clone());
    assert_eq!((Workers::new(2)?.threads(), adopted.threads()), (2, 3));
    for workers in [Workers::new(1)?, Workers::available()?, adopted.clone()] {
        assert_eq!(counted(&workers)?, 100_000);
    }
    // Called by a task of the pool, too.
    assert_eq!(pool.install(|| counted(&adopted))?, 100_000);
    stopped(&adopted)
}

fn counted(workers: &Workers) -> Result<usize, ParallelError> {
    let counts = map_shards(workers, Shards::new(100_000), |shard| shard.range.len())?;
    Ok(counts.iter().sum())
}

/// One handle is stopped; others of the same workers keep working.
fn stopped(workers: &Workers) -> Outcome {
    let stop = StopFlag::new();
    let handle = workers.with_stop_flag(stop.clone());
    stop.stop();
    assert!(matches!(
        counted(&handle),
        Err(ParallelError::Stopped { .. })
    ));
    assert!(handle.stop_flag().is_stopped());
    counted(workers)?;
    stop.clear();
    counted(&handle)?;
    Ok(())
}
