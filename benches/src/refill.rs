//! Tokens into memory that was touched before: plain stores, a store, and the limit, which is
//! non-temporal stores.

use std::cell::RefCell;
use std::num::NonZeroUsize;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use ng_lab::{PageBuffer, Pages};
use ng_parallel::Workers;
use ng_store::{PagePolicy, TokenStore, VecStore};

use crate::fill::{stored, sum_lines, token, write_lines};
use crate::scan::{id_sum, sum_ids};
use crate::size::{bytes_of, ensure_memory};
use crate::stream::stream_lines;
use crate::teams::{Teams, case_name};
use crate::{Case, Pace, Ratio, Suite, Work};

/// The share of the limit that a store must reach.
const LIMIT_BAR: f64 = 0.85;

/// Words of a 64-byte cache line, and the one in which a token has its id.
const LINE_WORDS: usize = 8;
const ID_WORD: usize = 6;

/// The suite `refill`.
pub struct Refill {
    count: usize,
    store: RefCell<VecStore>,
    buffer: RefCell<PageBuffer>,
    teams: Teams,
}

impl Refill {
    /// Fills a store and a buffer of `count` tokens, to be filled again.
    ///
    /// # Errors
    ///
    /// If there is too little memory, or threads cannot be started.
    pub fn new(count: usize, threads: NonZeroUsize) -> Result<Self> {
        ensure_memory(2 * bytes_of(count))?;
        let teams = Teams::new(threads)?;
        let mut buffer = PageBuffer::new(bytes_of(count), Pages::Huge)?;
        write_lines(buffer.words(), 0);
        Ok(Self {
            count,
            store: stored(teams.all(), PagePolicy::Huge, count)?.into(),
            buffer: buffer.into(),
            teams,
        })
    }

    /// Returns the cases and their ratios.
    pub fn suite(&self) -> Suite<'_> {
        let mut cases = Vec::new();
        let mut ratios = Vec::new();
        for workers in self.teams.iter() {
            let threads = workers.threads();
            let [store, streamed, plain] =
                ["store", "streamed", "plain"].map(|name| case_name(name, workers));
            ratios.push(Ratio::new(&store, &streamed, Some(LIMIT_BAR)));
            ratios.push(Ratio::new(&store, &plain, None));
            cases.push(Case::new(
                store,
                self.count,
                StoreAgain {
                    refill: self,
                    workers,
                },
            ));
            cases.push(self.lines(streamed, threads, stream_part));
            cases.push(self.lines(plain, threads, write_lines));
        }
        ratios.extend(self.teams.scaling("store", None));
        ratios.extend(self.teams.scaling("streamed", None));
        Suite {
            name: "refill",
            about: format!("{} tokens into memory that was touched before", self.count),
            cases,
            ratios,
            pace: PACE,
        }
    }

    fn lines(&self, name: String, threads: usize, write: fn(&mut [u64], usize)) -> Case<'_> {
        let lines = LinesAgain {
            refill: self,
            threads,
            write,
        };
        Case::new(name, self.count, lines)
    }
}

const PACE: Pace = Pace {
    samples: 20,
    warm_up: Duration::from_millis(100),
    measurement: Duration::from_secs(1),
    round_iterations: 3,
};

/// Clears a store and fills it again.
struct StoreAgain<'a> {
    refill: &'a Refill,
    workers: &'a Workers,
}

impl Work for StoreAgain<'_> {
    type Output = ();

    fn prepare(&mut self) -> Result<()> {
        self.refill.store.borrow_mut().clear();
        Ok(())
    }

    fn run(&mut self) -> Result<()> {
        let mut store = self.refill.store.borrow_mut();
        Ok(ng_parallel::fill(
            self.workers,
            &mut store,
            self.refill.count,
            token,
        )?)
    }

    fn checksum(&self, (): ()) -> Result<u64> {
        Ok(sum_ids(self.refill.store.borrow().tokens()))
    }

    fn expected(&self) -> u64 {
        id_sum(self.refill.count)
    }
}

/// Writes the lines of a buffer again, in equal parts.
struct LinesAgain<'a> {
    refill: &'a Refill,
    threads: usize,
    /// Writes lines, the first of which has the given number.
    write: fn(&mut [u64], usize),
}

impl Work for LinesAgain<'_> {
    type Output = ();

    fn prepare(&mut self) -> Result<()> {
        self.refill.buffer.borrow_mut().words().fill(u64::MAX);
        Ok(())
    }

    fn run(&mut self) -> Result<()> {
        let mut buffer = self.refill.buffer.borrow_mut();
        let part = self.refill.count.div_ceil(self.threads).max(1);
        let parts = buffer.words().chunks_mut(part * LINE_WORDS).zip(0..);
        let write = self.write;
        if self.threads == 1 {
            parts.for_each(|(words, number)| write(words, number * part));
            return Ok(());
        }
        thread::scope(|scope| {
            for (words, number) in parts {
                scope.spawn(move || write(words, number * part));
            }
        });
        Ok(())
    }

    fn checksum(&self, (): ()) -> Result<u64> {
        Ok(sum_lines(&mut self.refill.buffer.borrow_mut()))
    }

    fn expected(&self) -> u64 {
        id_sum(self.refill.count)
    }
}

fn stream_part(words: &mut [u64], first: usize) {
    stream_lines(words, first as u64, ID_WORD);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_runs_tiny() {
        for threads in 1..4 {
            let refill = Refill::new(1_000, NonZeroUsize::new(threads).unwrap()).unwrap();
            crate::suite::check(refill.suite());
        }
    }
}
