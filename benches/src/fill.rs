//! Tokens into fresh memory: a plain vector, stores, and the machine's limit.

use std::num::NonZeroUsize;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use ng_lab::{PageBuffer, Pages, touch_and_free};
use ng_parallel::Workers;
use ng_store::{PagePolicy, TokenStore, VecStore};
use ng_token::Token;

use crate::scan::{id_sum, sum_ids};
use crate::size::{bytes_of, ensure_memory};
use crate::teams::{Teams, case_name};
use crate::{Case, Pace, Ratio, Suite, Work};

/// How many times as fast as a plain vector a store on huge pages must be.
const VEC_BAR: f64 = 1.9;
/// The share of the first-touch limit that a store must reach.
const LIMIT_BAR: f64 = 0.88;
/// How many times as fast as one thread two threads must fill.
const TWO_THREADS_BAR: f64 = 1.85;

/// Words of a 64-byte cache line.
const LINE_WORDS: usize = 8;
/// Lines of a huge page.
const HUGE_PAGE_LINES: usize = (2 << 20) / (LINE_WORDS * 8);
/// The word of a line in which a token has its id.
const ID_WORD: usize = 6;

/// The suite `fill`.
pub struct Fill {
    count: usize,
    teams: Teams,
}

impl Fill {
    /// Plans `count` tokens by one thread and by `threads`.
    ///
    /// # Errors
    ///
    /// If there is too little memory, or threads cannot be started.
    pub fn new(count: usize, threads: NonZeroUsize) -> Result<Self> {
        ensure_memory(bytes_of(count))?;
        let teams = Teams::new(threads)?;
        Ok(Self { count, teams })
    }

    /// Returns the cases and their ratios.
    pub fn suite(&self) -> Suite<'_> {
        let mut cases = vec![self.case(
            "vec-push-4k",
            |count| Ok(pushed(count)),
            |tokens| sum_ids(&tokens),
        )];
        cases.extend(self.teams.iter().map(|workers| {
            let threads = workers.threads();
            self.case(
                case_name("first-touch-2m", workers),
                move |count| first_touch(count, threads),
                |mut buffer| sum_lines(&mut buffer),
            )
        }));
        for (name, policy) in [
            ("store-4k", PagePolicy::Base),
            ("store-2m", PagePolicy::Huge),
        ] {
            cases.extend(self.teams.iter().map(|workers| {
                let fill = move |count| stored(workers, policy, count);
                self.case(case_name(name, workers), fill, |store| {
                    sum_ids(store.tokens())
                })
            }));
        }
        Suite {
            name: "fill",
            about: format!("{} tokens into fresh memory", self.count),
            cases,
            ratios: self.ratios(),
            pace: PACE,
        }
    }

    fn case<'a, R: 'a>(
        &'a self,
        name: impl Into<String>,
        fill: impl Fn(usize) -> Result<R> + 'a,
        sum: impl Fn(R) -> u64 + 'a,
    ) -> Case<'a> {
        let threads = self.teams.all().threads();
        let fresh = Fresh {
            count: self.count,
            threads,
            fill,
            sum,
        };
        Case::new(name, self.count, fresh)
    }

    fn ratios(&self) -> Vec<Ratio> {
        let store = "store-2m-1t";
        let mut ratios = vec![
            Ratio::new(store, "vec-push-4k", Some(VEC_BAR)),
            Ratio::new(store, "first-touch-2m-1t", Some(LIMIT_BAR)),
            Ratio::new("store-4k-1t", "vec-push-4k", None),
        ];
        // What two threads can gain depends on the machine: its own factor is beside ours.
        ratios.extend(self.teams.scaling("store-2m", Some(TWO_THREADS_BAR)));
        ratios.extend(self.teams.scaling("first-touch-2m", None));
        ratios.extend(self.teams.against_on_all("store-2m", "first-touch-2m"));
        ratios
    }
}

/// Few and single runs: one takes a quarter of a second at 10M tokens, and as long again to
/// prepare.
const PACE: Pace = Pace {
    samples: 10,
    warm_up: Duration::from_millis(1),
    measurement: Duration::from_millis(500),
    round_iterations: 1,
};

/// Fills memory that is fresh to the process but warm in the host.
struct Fresh<F, S> {
    count: usize,
    threads: usize,
    fill: F,
    sum: S,
}

impl<R, F: Fn(usize) -> Result<R>, S: Fn(R) -> u64> Work for Fresh<F, S> {
    type Output = R;

    /// Has the host provide the memory that the run will touch: memory it has taken back costs up
    /// to 15 times as much to touch. The same for every case.
    fn prepare(&mut self) -> Result<()> {
        touch_and_free(bytes_of(self.count), Pages::Huge, self.threads)?;
        Ok(())
    }

    fn run(&mut self) -> Result<R> {
        (self.fill)(self.count)
    }

    fn checksum(&self, output: R) -> Result<u64> {
        Ok((self.sum)(output))
    }

    fn expected(&self) -> u64 {
        id_sum(self.count)
    }
}

/// Makes the token at `index` of every sequence.
#[inline]
pub fn token(index: usize) -> Token {
    Token::new(index as u32)
}

/// Pushes `count` tokens into a plain vector with room for them.
///
/// On 4 KiB pages if the system's huge page mode is `madvise` or `never`.
pub fn pushed(count: usize) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(count);
    for index in 0..count {
        tokens.push(token(index));
    }
    tokens
}

/// Fills a new store on pages of `policy` with `count` tokens.
///
/// # Errors
///
/// If there is no memory.
pub fn stored(workers: &Workers, policy: PagePolicy, count: usize) -> Result<VecStore> {
    let mut store = VecStore::with_policy(policy);
    store.reserve_exact(count)?;
    ng_parallel::fill(workers, &mut store, count, token)?;
    Ok(store)
}

/// Writes the lines of `count` tokens with plain stores into fresh memory on 2 MiB pages, on
/// `threads` threads at once.
///
/// # Errors
///
/// If there is no memory.
pub fn first_touch(count: usize, threads: usize) -> Result<PageBuffer> {
    let mut buffer = PageBuffer::new(bytes_of(count), Pages::Huge)?;
    let words = buffer.words();
    // Whole huge pages for each thread, so that no two threads fault in the same page.
    let part_lines = count
        .div_ceil(threads)
        .next_multiple_of(HUGE_PAGE_LINES)
        .max(HUGE_PAGE_LINES);
    let parts = words.chunks_mut(part_lines * LINE_WORDS).zip(0..);
    if threads == 1 {
        parts.for_each(|(part, number)| write_lines(part, number * part_lines));
    } else {
        thread::scope(|scope| {
            for (part, number) in parts {
                scope.spawn(move || write_lines(part, number * part_lines));
            }
        });
    }
    Ok(buffer)
}

pub(crate) fn write_lines(words: &mut [u64], first: usize) {
    for (index, line) in words.chunks_exact_mut(LINE_WORDS).enumerate() {
        line.fill(0);
        line[ID_WORD] = (first + index) as u64;
    }
}

pub(crate) fn sum_lines(buffer: &mut PageBuffer) -> u64 {
    let lines = buffer.words().chunks_exact(LINE_WORDS);
    lines.map(|line| line[ID_WORD]).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNT: usize = 1_000;

    fn expected() -> Vec<Token> {
        (0..1_000).map(Token::new).collect()
    }

    #[test]
    fn every_case_runs_tiny() {
        for threads in 1..4 {
            let fill = Fill::new(COUNT, NonZeroUsize::new(threads).unwrap()).unwrap();
            crate::suite::check(fill.suite());
        }
    }

    #[test]
    fn vectors_and_stores_hold_the_same_tokens() {
        assert_eq!(pushed(COUNT), expected());
        for workers in Teams::new(NonZeroUsize::new(2).unwrap()).unwrap().iter() {
            for policy in [PagePolicy::Base, PagePolicy::Huge] {
                let store = stored(workers, policy, COUNT).unwrap();
                assert_eq!(store.tokens(), expected());
                assert_eq!(store.policy(), policy);
            }
        }
    }

    #[test]
    fn the_limit_writes_as_many_bytes_as_the_tokens_have() {
        for (count, threads) in [
            (COUNT, 1),
            (COUNT, 2),
            (70_000, 1),
            (70_000, 2),
            (70_000, 3),
        ] {
            let mut buffer = first_touch(count, threads).unwrap();
            assert_eq!(buffer.words().len() * 8, count * 64);
            assert_eq!(
                sum_lines(&mut buffer),
                id_sum(count),
                "{count} on {threads}"
            );
        }
    }
}
