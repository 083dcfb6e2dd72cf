//! Processor time, waits and preemptions of each thread of this process.
//!
//! Threads that share no lock are all busy all the time, and never wait. Time lost to
//! locks shows as waits and as missing processor time; time lost to more threads than
//! processors shows as preemptions.

use std::collections::BTreeMap;
use std::fs;
use std::io;

use serde::{Deserialize, Serialize};

use crate::machine::raw;

/// The work of one thread that ran in a phase and is still alive at its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadWork {
    /// Its time on a processor, in nanoseconds.
    pub busy_ns: u64,
    /// How often it gave up the processor to wait.
    pub waits: u64,
    /// How often the kernel took the processor away.
    pub preemptions: u64,
}

/// The work of all threads of this process since they started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ThreadTimes {
    by_thread: BTreeMap<u32, ThreadWork>,
}

impl ThreadTimes {
    /// Reads the counters. Leaves out a thread that ends meanwhile.
    ///
    /// # Errors
    /// The kernel does not report them.
    pub(crate) fn read() -> io::Result<Self> {
        let mut by_thread = BTreeMap::new();
        for entry in fs::read_dir("/proc/self/task")? {
            let name = entry?.file_name();
            let thread: u32 = name
                .to_str()
                .and_then(|name| name.parse().ok())
                .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
            let status = fs::read_to_string(format!("/proc/self/task/{thread}/status"));
            if let (Ok(busy_ns), Ok(status)) = (raw::thread_cpu_ns(thread), status) {
                by_thread.insert(thread, work(busy_ns, &status)?);
            }
        }
        Ok(Self { by_thread })
    }

    /// The work since `earlier`, busiest thread first, without idle threads.
    pub(crate) fn since(&self, earlier: &Self) -> Vec<ThreadWork> {
        let nothing = ThreadWork::default();
        let done = self.by_thread.iter().map(|(thread, now)| {
            let before = earlier.by_thread.get(thread).unwrap_or(&nothing);
            ThreadWork {
                busy_ns: now.busy_ns.saturating_sub(before.busy_ns),
                waits: now.waits.saturating_sub(before.waits),
                preemptions: now.preemptions.saturating_sub(before.preemptions),
            }
        });
        let mut done: Vec<ThreadWork> = done.filter(|work| work.busy_ns > 0).collect();
        done.sort_unstable_by_key(|work| std::cmp::Reverse(work.busy_ns));
        done
    }
}

fn work(busy_ns: u64, status: &str) -> io::Result<ThreadWork> {
    Ok(ThreadWork {
        busy_ns,
        waits: count(status, "voluntary_ctxt_switches:")?,
        preemptions: count(status, "nonvoluntary_ctxt_switches:")?,
    })
}

fn count(status: &str, name: &str) -> io::Result<u64> {
    let count = status.lines().find_map(|line| line.strip_prefix(name));
    count
        .and_then(|count| count.trim().parse().ok())
        .ok_or_else(|| {
            let message = format!("/proc/self/task/*/status: no readable field {name}");
            io::Error::new(io::ErrorKind::InvalidData, message)
        })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::hint::black_box;
    use std::sync::Barrier;
    use std::thread;
    use std::time::{Duration, Instant};

    use super::*;

    fn spin(for_time: Duration) {
        let start = Instant::now();
        while start.elapsed() < for_time {
            black_box(0);
        }
    }

    /// Other tests run at the same time, so it asserts only what its own threads did.
    #[test]
    fn a_thread_that_spins_is_busy_and_one_that_sleeps_waits() {
        let barrier = Barrier::new(3);
        thread::scope(|scope| {
            let spinner = scope.spawn(|| {
                spin(Duration::from_millis(60));
                barrier.wait();
                barrier.wait();
            });
            let sleeper = scope.spawn(|| {
                for _ in 0..20 {
                    thread::sleep(Duration::from_millis(1));
                }
                barrier.wait();
                barrier.wait();
            });
            let before = ThreadTimes::default();
            barrier.wait();
            let done = ThreadTimes::read().unwrap().since(&before);
            barrier.wait();
            assert!(done.iter().any(|work| work.waits >= 20), "{done:?}");
            let busiest = done[0].busy_ns;
            assert!(busiest >= 10_000_000, "{done:?}");
            assert!(done.is_sorted_by(|left, right| left.busy_ns >= right.busy_ns));
            drop((spinner, sleeper));
        });
    }

    #[test]
    fn what_was_done_before_is_not_counted_and_idle_threads_are_left_out() {
        let work = |busy_ns, waits| ThreadWork {
            busy_ns,
            waits,
            preemptions: 0,
        };
        let times = |list: &[(u32, ThreadWork)]| ThreadTimes {
            by_thread: list.iter().copied().collect(),
        };
        let before = times(&[(1, work(10, 1)), (2, work(5, 5)), (3, work(7, 0))]);
        let after = times(&[(1, work(30, 4)), (2, work(5, 5)), (4, work(90, 2))]);
        assert_eq!(after.since(&before), [work(90, 2), work(20, 3)]);
    }

    #[test]
    fn a_status_without_the_counters_is_an_error_that_names_the_field() {
        let error = work(1, "Name: x\n").unwrap_err().to_string();
        assert!(
            error.ends_with("no readable field voluntary_ctxt_switches:"),
            "{error}"
        );
        let status = "voluntary_ctxt_switches:\t7\nnonvoluntary_ctxt_switches:\t9\n";
        let found = work(1, status).unwrap();
        assert_eq!((found.waits, found.preemptions), (7, 9));
    }
}
