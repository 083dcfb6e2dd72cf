//! Threads that share only the queue of shards, beside threads that share nothing at all.
//!
//! The work keeps a core busy from its own registers and reads each token once, so memory does not
//! bound it and contention (a lock, a cache line that two threads write) shows. `bare` cuts the
//! tokens into as many parts as there are threads, with nothing between them. `queue` does no work
//! at all: its time is that of handing out one shard.

use std::num::NonZeroUsize;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use ng_parallel::{Shards, Workers, map_reduce};
use ng_store::{PagePolicy, TokenStore, VecStore};
use ng_token::Token;

use crate::fill::stored;
use crate::size::{bytes_of, ensure_memory};
use crate::teams::case_name;
use crate::{Case, Pace, Ratio, Suite, Work};

/// The share of bare threads' speed that shards from a queue must reach.
const BARE_BAR: f64 = 0.97;
/// The share of its own speed that a team must keep when it has several threads for each processor.
const OVERSUBSCRIBED_BAR: f64 = 0.95;

/// Rounds of mixing for a token: 17 ns, ten times as long as a core takes to read the next token
/// from memory.
const MIXING_ROUNDS: u32 = 32;

/// The suite `contention`.
pub struct Contention {
    store: VecStore,
    expected: u64,
    /// One worker, one for each processor, two, and four.
    teams: Vec<Workers>,
}

impl Contention {
    /// Fills a store with `count` tokens for teams of one thread, and of one, two and four times
    /// `threads`.
    ///
    /// # Errors
    ///
    /// If there is too little memory, or threads cannot be started.
    pub fn new(count: usize, threads: NonZeroUsize) -> Result<Self> {
        ensure_memory(bytes_of(count))?;
        let times =
            |factor: usize| threads.saturating_mul(NonZeroUsize::MIN.saturating_add(factor - 1));
        let mut sizes = vec![NonZeroUsize::MIN, times(1), times(2), times(4)];
        sizes.dedup();
        let teams: Vec<Workers> = sizes
            .into_iter()
            .map(|threads| Workers::new(threads.get()))
            .collect::<Result<_, _>>()?;
        let store = stored(&teams[0], PagePolicy::Huge, count)?;
        let expected = mix_all(store.tokens());
        Ok(Self {
            store,
            expected,
            teams,
        })
    }

    /// Returns the cases and their ratios.
    pub fn suite(&self) -> Suite<'_> {
        let tokens = self.store.tokens();
        let mut cases = Vec::new();
        for workers in &self.teams {
            let threads = workers.threads();
            cases.push(self.case(case_name("bare", workers), move || {
                Ok(mix_in_parts(tokens, threads))
            }));
            cases.push(self.case(case_name("shards", workers), move || {
                by_shards(workers, tokens, mix_all)
            }));
            let nothing = Mixed {
                mix: move || by_shards(workers, tokens, |_| 0),
                expected: 0,
            };
            // A "token" of this case is a shard.
            let shards = Shards::new(tokens.len()).len();
            cases.push(Case::new(case_name("queue", workers), shards, nothing));
        }
        Suite {
            name: "contention",
            about: format!(
                "{} tokens, {MIXING_ROUNDS} rounds of mixing each",
                tokens.len()
            ),
            cases,
            ratios: self.ratios(),
            pace: PACE,
        }
    }

    fn case<'a>(&'a self, name: String, mix: impl Fn() -> Result<u64> + 'a) -> Case<'a> {
        let expected = self.expected;
        Case::new(name, self.store.len(), Mixed { mix, expected })
    }

    fn ratios(&self) -> Vec<Ratio> {
        let named = |name: &str, team: usize| case_name(name, &self.teams[team]);
        let mut ratios = Vec::new();
        for team in 0..self.teams.len() {
            ratios.push(Ratio::new(
                named("shards", team),
                named("bare", team),
                Some(BARE_BAR),
            ));
        }
        for team in 1..self.teams.len() {
            ratios.push(Ratio::new(named("bare", team), named("bare", 0), None));
            ratios.push(Ratio::new(named("shards", team), named("shards", 0), None));
            ratios.push(Ratio::new(named("queue", team), named("queue", 0), None));
        }
        let full = usize::from(self.teams.len() > 3);
        for team in full + 1..self.teams.len() {
            let bar = Some(OVERSUBSCRIBED_BAR);
            ratios.push(Ratio::new(
                named("shards", team),
                named("shards", full),
                bar,
            ));
        }
        ratios
    }
}

const PACE: Pace = Pace {
    samples: 10,
    warm_up: Duration::from_millis(200),
    measurement: Duration::from_secs(2),
    round_iterations: 1,
};

struct Mixed<F> {
    mix: F,
    expected: u64,
}

impl<F: Fn() -> Result<u64>> Work for Mixed<F> {
    type Output = u64;

    fn run(&mut self) -> Result<u64> {
        (self.mix)()
    }

    fn checksum(&self, output: u64) -> Result<u64> {
        Ok(output)
    }

    fn expected(&self) -> u64 {
        self.expected
    }
}

fn by_shards(
    workers: &Workers,
    tokens: &[Token],
    mix: impl Fn(&[Token]) -> u64 + Sync,
) -> Result<u64> {
    let sum = map_reduce(workers, tokens, |_, shard| mix(shard), u64::wrapping_add)?;
    Ok(sum.unwrap_or(0))
}

fn mix_in_parts(tokens: &[Token], threads: usize) -> u64 {
    let part = tokens.len().div_ceil(threads).max(1);
    let mut parts = tokens.chunks(part);
    let here = parts.next().unwrap_or_default();
    thread::scope(|scope| {
        let others: Vec<_> = parts.map(|part| scope.spawn(|| mix_all(part))).collect();
        others.into_iter().fold(mix_all(here), |sum, other| {
            let other = other.join();
            sum.wrapping_add(other.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        })
    })
}

fn mix_all(tokens: &[Token]) -> u64 {
    tokens
        .iter()
        .fold(0, |sum, token| sum.wrapping_add(mix(token.id().raw())))
}

/// Steps of a generator (SplitMix64's multiplier), each waiting for the previous one.
fn mix(id: u32) -> u64 {
    let mut mixed = u64::from(id);
    for _ in 0..MIXING_ROUNDS {
        mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0x94D0_49BB_1331_11EB);
    }
    mixed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_runs_tiny() {
        for threads in 1..4 {
            let threads = NonZeroUsize::new(threads).unwrap();
            let contention = Contention::new(1_000, threads).unwrap();
            crate::suite::check(contention.suite());
        }
    }

    #[test]
    fn teams_are_one_and_multiples_of_the_processors() {
        let sizes = |threads| {
            let contention = Contention::new(1, NonZeroUsize::new(threads).unwrap()).unwrap();
            let sizes = contention.teams.iter().map(ng_parallel::Workers::threads);
            sizes.collect::<Vec<_>>()
        };
        assert_eq!(sizes(1), [1, 2, 4]);
        assert_eq!(sizes(2), [1, 2, 4, 8]);
        assert_eq!(sizes(3), [1, 3, 6, 12]);
    }

    #[test]
    fn parts_and_shards_mix_what_a_loop_does() {
        let tokens: Vec<Token> = (0..70_000).map(Token::new).collect();
        let whole = mix_all(&tokens);
        assert_ne!(whole, mix_all(&tokens[..69_999]));
        for threads in [1, 2, 3, 7] {
            assert_eq!(mix_in_parts(&tokens, threads), whole);
            let workers = Workers::new(threads).unwrap();
            assert_eq!(by_shards(&workers, &tokens, mix_all).unwrap(), whole);
        }
    }
}
