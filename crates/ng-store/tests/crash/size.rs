//! How much is run, and on every processor.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// The images of power cuts, including second cuts, at scale 1.
pub(crate) const IMAGES: u64 = 50_000;

/// Runs `round` for seed 0, 1 and so on, on every processor, until the sum of
/// what the rounds return is `target`. Returns the sum and the number of seeds.
pub(crate) fn until(target: u64, round: impl Fn(u64) -> u64 + Sync) -> (u64, u64) {
    let (next_seed, sum) = (AtomicU64::new(0), AtomicU64::new(0));
    let work = || {
        while sum.load(Ordering::Relaxed) < target {
            let seed = next_seed.fetch_add(1, Ordering::Relaxed);
            sum.fetch_add(round(seed), Ordering::Relaxed);
        }
    };
    thread::scope(|scope| {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            if let Err(panic) = worker.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
    (sum.into_inner(), next_seed.into_inner())
}

/// Runs `round` for each index below `count`, on every processor.
pub(crate) fn all(count: u64, round: impl Fn(u64) + Sync) {
    until(count, |index| {
        if index < count {
            round(index);
        }
        1
    });
}
