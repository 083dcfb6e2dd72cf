//! How much is run. CI takes the defaults; `NG_CRASH_SCALE=20` takes twenty
//! times as much, 1,000,000 images of power cuts among it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// The images of power cuts, those of second cuts counted, at scale 1.
pub(crate) const IMAGES: u64 = 50_000;

/// The factor on every size.
pub(crate) fn scale() -> u64 {
    match std::env::var("NG_CRASH_SCALE") {
        Ok(text) => text.parse().expect("NG_CRASH_SCALE is a number"),
        Err(_) => 1,
    }
}

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

/// Runs `round` for each index below `count`, and returns the sum.
pub(crate) fn all(count: u64, round: impl Fn(u64) -> u64 + Sync) -> u64 {
    let sum = AtomicU64::new(0);
    until(count, |index| {
        if index < count {
            sum.fetch_add(round(index), Ordering::Relaxed);
        }
        1
    });
    sum.into_inner()
}
