//! Tokens at random positions: ids summed, and whole tokens copied out.

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::time::Duration;

use anyhow::Result;
use ng_lab::rng::SplitMix64;
use ng_parallel::gather;
use ng_store::{PagePolicy, TokenStore, VecStore};
use ng_token::Token;

use crate::fill::{pushed, stored};
use crate::scan::{share_in_huge_pages, sum_ids};
use crate::size::{bytes_of, ensure_memory};
use crate::teams::{Teams, case_name};
use crate::{Case, Pace, Ratio, Suite, Work};

/// How many times as fast as from a vector random copies of whole tokens from a store must be.
const COPIES_BAR: f64 = 1.4;

/// The most positions that a run reads, and at most a tenth of the tokens.
const MOST_READS: usize = 1_000_000;

/// The suite `gather`.
pub struct Gather {
    /// A plain vector, wrapped as a store so that it can report its pages.
    plain: VecStore,
    store: VecStore,
    teams: Teams,
}

impl Gather {
    /// Makes a plain vector and a store of `count` tokens each, for one thread and `threads` to
    /// read.
    ///
    /// # Errors
    ///
    /// If there is too little memory, or threads cannot be started.
    pub fn new(count: usize, threads: NonZeroUsize) -> Result<Self> {
        // In addition to the tokens, copies and positions for up to four cases.
        ensure_memory(2 * bytes_of(count) + 4 * 2 * bytes_of(reads_of(count)))?;
        let teams = Teams::new(threads)?;
        Ok(Self {
            plain: VecStore::from_vec(pushed(count)),
            store: stored(teams.all(), PagePolicy::Huge, count)?,
            teams,
        })
    }

    /// Returns the cases and their ratios.
    ///
    /// Each case draws its own positions: those just read by another would be in cache.
    pub fn suite(&self) -> Suite<'_> {
        let (plain, store) = (self.plain.tokens(), self.store.tokens());
        let mut cases = vec![
            read_case("read-vec-4k", plain, 1),
            read_case("read-store-2m", store, 2),
            copy_case("copy-vec-4k", plain, 3, copy_in_order),
        ];
        for (workers, seed) in self.teams.iter().zip(4..) {
            let name = case_name("gather-store-2m", workers);
            cases.push(copy_case(name, store, seed, |tokens, positions, out| {
                out.clear();
                Ok(gather(workers, tokens, positions, out)?)
            }));
        }
        Suite {
            name: "gather",
            about: self.about(),
            cases,
            ratios: self.ratios(),
            pace: PACE,
        }
    }

    fn about(&self) -> String {
        let count = self.plain.len();
        format!(
            "{} positions of {count} tokens, vector {}, store {}",
            reads_of(count),
            share_in_huge_pages(&self.plain),
            share_in_huge_pages(&self.store)
        )
    }

    fn ratios(&self) -> Vec<Ratio> {
        let mut ratios = vec![
            Ratio::new("read-store-2m", "read-vec-4k", None),
            Ratio::new("gather-store-2m-1t", "copy-vec-4k", Some(COPIES_BAR)),
        ];
        ratios.extend(self.teams.scaling("gather-store-2m", None));
        ratios
    }
}

const PACE: Pace = Pace {
    samples: 20,
    warm_up: Duration::from_millis(50),
    measurement: Duration::from_millis(500),
    round_iterations: 3,
};

fn reads_of(count: usize) -> usize {
    (count / 10).clamp(1, MOST_READS)
}

pub(crate) fn read_case<'a>(name: &str, tokens: &'a [Token], seed: u64) -> Case<'a> {
    let positions = Positions::new(tokens.len(), seed);
    Case::new(name, positions.list.len(), Read { tokens, positions })
}

fn copy_case<'a>(
    name: impl Into<String>,
    tokens: &'a [Token],
    seed: u64,
    copy: impl Fn(&[Token], &[usize], &mut Vec<Token>) -> Result<()> + 'a,
) -> Case<'a> {
    let positions = Positions::new(tokens.len(), seed);
    let reads = positions.list.len();
    let copied = Copied {
        tokens,
        positions,
        out: Vec::new(),
        copy,
    };
    Case::new(name, reads, copied)
}

/// Positions drawn anew for each run.
struct Positions {
    rng: SplitMix64,
    bound: usize,
    list: Vec<usize>,
}

impl Positions {
    fn new(token_count: usize, seed: u64) -> Self {
        Self {
            rng: SplitMix64::new(seed),
            bound: token_count,
            list: vec![0; reads_of(token_count)],
        }
    }

    /// Draws fresh positions and reads `tokens` in order, so that every run finds
    /// the caches in the same state, whatever case ran before.
    fn redraw(&mut self, tokens: &[Token]) {
        for position in &mut self.list {
            *position = self.rng.below(self.bound as u64) as usize;
        }
        black_box(sum_ids(tokens));
    }

    /// Returns the sum of the ids at the positions; ids are positions.
    fn id_sum(&self) -> u64 {
        self.list.iter().map(|&position| position as u64).sum()
    }
}

/// Sums ids at random positions.
struct Read<'a> {
    tokens: &'a [Token],
    positions: Positions,
}

impl Work for Read<'_> {
    type Output = u64;

    fn prepare(&mut self) -> Result<()> {
        self.positions.redraw(self.tokens);
        Ok(())
    }

    fn run(&mut self) -> Result<u64> {
        Ok(sum_ids_at(self.tokens, &self.positions.list))
    }

    fn checksum(&self, output: u64) -> Result<u64> {
        Ok(output)
    }

    fn expected(&self) -> u64 {
        self.positions.id_sum()
    }
}

/// Copies tokens at random positions into memory that is reused.
struct Copied<'a, C> {
    tokens: &'a [Token],
    positions: Positions,
    out: Vec<Token>,
    copy: C,
}

impl<C: Fn(&[Token], &[usize], &mut Vec<Token>) -> Result<()>> Work for Copied<'_, C> {
    type Output = ();

    fn prepare(&mut self) -> Result<()> {
        self.positions.redraw(self.tokens);
        if self.out.is_empty() {
            // The first touch of the copies is not part of copying.
            (self.copy)(self.tokens, &self.positions.list, &mut self.out)?;
            self.positions.redraw(self.tokens);
        }
        Ok(())
    }

    fn run(&mut self) -> Result<()> {
        (self.copy)(self.tokens, &self.positions.list, &mut self.out)?;
        black_box(&self.out);
        Ok(())
    }

    fn checksum(&self, (): ()) -> Result<u64> {
        Ok(sum_ids(&self.out))
    }

    fn expected(&self) -> u64 {
        self.positions.id_sum()
    }
}

/// Sums the ids at `positions`, each independent of the others.
///
/// # Panics
///
/// If a position is not below the number of tokens.
pub fn sum_ids_at(tokens: &[Token], positions: &[usize]) -> u64 {
    positions
        .iter()
        .map(|&position| u64::from(tokens[position].id().raw()))
        .sum()
}

/// Replaces `out` by the tokens at `positions`, one after the other: the baseline of [`gather`].
///
/// # Errors
///
/// None.
///
/// # Panics
///
/// If a position is not below the number of tokens.
pub fn copy_in_order(tokens: &[Token], positions: &[usize], out: &mut Vec<Token>) -> Result<()> {
    out.clear();
    out.extend(positions.iter().map(|&position| tokens[position]));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const POSITIONS: [usize; 5] = [999, 0, 7, 7, 500];

    fn two() -> NonZeroUsize {
        NonZeroUsize::new(2).unwrap()
    }

    #[test]
    fn every_case_runs_tiny() {
        for count in [1, 1_000] {
            for threads in 1..4 {
                let gather = Gather::new(count, NonZeroUsize::new(threads).unwrap()).unwrap();
                crate::suite::check(gather.suite());
            }
        }
    }

    #[test]
    fn sums_and_copies_follow_the_positions() {
        let tokens = pushed(1_000);
        assert_eq!(sum_ids_at(&tokens, &POSITIONS), 1_513);
        let expected = POSITIONS.map(|position| Token::new(position as u32));
        let mut out = vec![Token::ZERO];
        copy_in_order(&tokens, &POSITIONS, &mut out).unwrap();
        assert_eq!(out, expected);
        for workers in Teams::new(two()).unwrap().iter() {
            out.clear();
            gather(workers, &tokens, &POSITIONS, &mut out).unwrap();
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn positions_are_drawn_anew_and_from_all_tokens() {
        let tokens = pushed(1_000);
        let mut positions = Positions::new(tokens.len(), 1);
        let mut seen = vec![false; tokens.len()];
        let mut last = positions.list.clone();
        for _ in 0..200 {
            positions.redraw(&tokens);
            assert_ne!(positions.list, last);
            last.clone_from(&positions.list);
            positions.list.iter().for_each(|&at| seen[at] = true);
        }
        assert!(seen.iter().all(|&seen| seen), "seed 1");
    }
}
