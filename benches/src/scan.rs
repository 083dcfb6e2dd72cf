//! The sum of all ids: a plain loop, and `map_reduce` over shards.

use std::num::NonZeroUsize;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use ng_parallel::{Workers, map_reduce};
use ng_store::{PagePolicy, TokenStore, VecStore};
use ng_token::Token;

use crate::fill::stored;
use crate::size::{bytes_of, ensure_memory};
use crate::teams::{Teams, case_name};
use crate::{Case, Pace, Ratio, Suite, Work};

/// The share of a plain loop's speed that `map_reduce` must reach on one thread.
const LOOP_BAR: f64 = 0.97;
/// How many times as fast as one thread two threads must scan.
const TWO_THREADS_BAR: f64 = 1.85;

/// The suite `scan`.
pub struct Scan {
    store: VecStore,
    teams: Teams,
}

impl Scan {
    /// Fills a store with `count` tokens, for one thread and `threads` to scan.
    ///
    /// # Errors
    ///
    /// If there is too little memory, or threads cannot be started.
    pub fn new(count: usize, threads: NonZeroUsize) -> Result<Self> {
        ensure_memory(bytes_of(count))?;
        let teams = Teams::new(threads)?;
        let store = stored(teams.all(), PagePolicy::Huge, count)?;
        Ok(Self { store, teams })
    }

    /// Returns the cases and their ratios. All of them read the same memory.
    pub fn suite(&self) -> Suite<'_> {
        let count = self.store.len();
        let mut cases = Vec::new();
        for workers in self.teams.iter() {
            let threads = workers.threads();
            cases.push(self.case(case_name("loop", workers), move |tokens| {
                Ok(sum_ids_in_parts(tokens, threads))
            }));
            cases.push(self.case(case_name("map-reduce", workers), |tokens| {
                sum_ids_by(workers, tokens)
            }));
        }
        let mut ratios = vec![Ratio::new("map-reduce-1t", "loop-1t", Some(LOOP_BAR))];
        // What two threads can gain depends on the machine: its own factor is beside ours.
        ratios.extend(self.teams.scaling("map-reduce", Some(TWO_THREADS_BAR)));
        ratios.extend(self.teams.scaling("loop", None));
        ratios.extend(self.teams.against_on_all("map-reduce", "loop"));
        Suite {
            name: "scan",
            about: format!(
                "ids of {count} tokens, {}",
                share_in_huge_pages(&self.store)
            ),
            cases,
            ratios,
            pace: PACE,
        }
    }

    fn case<'a>(
        &'a self,
        name: impl Into<String>,
        sum: impl Fn(&[Token]) -> Result<u64> + 'a,
    ) -> Case<'a> {
        let tokens = self.store.tokens();
        Case::new(name, tokens.len(), Sum { tokens, sum })
    }
}

const PACE: Pace = Pace {
    samples: 20,
    warm_up: Duration::from_millis(200),
    measurement: Duration::from_secs(3),
    round_iterations: 4,
};

pub(crate) struct Sum<'a, S> {
    pub(crate) tokens: &'a [Token],
    pub(crate) sum: S,
}

impl<S: Fn(&[Token]) -> Result<u64>> Work for Sum<'_, S> {
    type Output = u64;

    fn run(&mut self) -> Result<u64> {
        (self.sum)(self.tokens)
    }

    fn checksum(&self, output: u64) -> Result<u64> {
        Ok(output)
    }

    fn expected(&self) -> u64 {
        id_sum(self.tokens.len())
    }
}

/// Sums the ids in a plain loop.
pub fn sum_ids(tokens: &[Token]) -> u64 {
    tokens.iter().map(|token| u64::from(token.id().raw())).sum()
}

/// Sums the ids in a plain loop on each of `threads` equal parts at once; a single part on the
/// calling thread.
pub fn sum_ids_in_parts(tokens: &[Token], threads: usize) -> u64 {
    sum_in_parts(tokens, threads, sum_ids)
}

/// Adds up the results of `sum` for each of `threads` equal parts at once; a single part on the
/// calling thread.
pub(crate) fn sum_in_parts<T: Sync>(
    items: &[T],
    threads: usize,
    sum: impl Fn(&[T]) -> u64 + Sync,
) -> u64 {
    if threads == 1 {
        return sum(items);
    }
    let (part, sum) = (items.len().div_ceil(threads).max(1), &sum);
    thread::scope(|scope| {
        let parts = items.chunks(part);
        let handles: Vec<_> = parts.map(|part| scope.spawn(move || sum(part))).collect();
        let sums = handles.into_iter().map(|handle| {
            handle
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        sums.fold(0, u64::wrapping_add)
    })
}

/// Sums the ids shard by shard.
///
/// # Errors
///
/// None for a sum.
pub fn sum_ids_by(workers: &Workers, tokens: &[Token]) -> Result<u64> {
    let map = |_, slice: &[Token]| sum_ids(slice);
    let sum = map_reduce(workers, tokens, map, |left, right| left + right)?;
    Ok(sum.unwrap_or(0))
}

/// Returns the sum of the ids of tokens `0..count`, without looking at tokens; ids up to 2^32 are
/// positions.
pub fn id_sum(count: usize) -> u64 {
    let count = count as u64;
    count * count.saturating_sub(1) / 2
}

/// Returns how much of `store` the kernel keeps in huge pages, as text.
pub(crate) fn share_in_huge_pages(store: &VecStore) -> String {
    let usage = store.memory_usage();
    match usage.huge_bytes {
        Some(bytes) => format!(
            "{:.0} % in huge pages",
            bytes as f64 / usage.resident_bytes.unwrap_or(usage.used_bytes).max(1) as f64 * 100.0
        ),
        None => "huge pages unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_runs_tiny() {
        for threads in 1..4 {
            let scan = Scan::new(1_000, NonZeroUsize::new(threads).unwrap()).unwrap();
            crate::suite::check(scan.suite());
        }
    }

    #[test]
    fn sums_equal_a_loop_over_numbers() {
        for count in [0, 1, 2, 1_000] {
            let tokens: Vec<Token> = (0..count).map(Token::new).collect();
            let expected: u64 = (0..u64::from(count)).sum();
            assert_eq!(sum_ids(&tokens), expected);
            assert_eq!(id_sum(tokens.len()), expected);
            for threads in 1..4 {
                assert_eq!(sum_ids_in_parts(&tokens, threads), expected);
            }
            for workers in Teams::new(NonZeroUsize::new(2).unwrap()).unwrap().iter() {
                assert_eq!(sum_ids_by(workers, &tokens).unwrap(), expected);
            }
        }
        assert_eq!(id_sum(1_000_000), 499_999_500_000);
        assert_eq!(id_sum(4_000_000_000), 7_999_999_998_000_000_000);
    }
}
