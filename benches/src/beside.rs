//! A reduction on workers that run a long ingest.
//!
//! `alone` has the workers to itself. `beside` begins while an endless ingest fills with all of
//! them, into a sink that keeps nothing: if it waited for the workers to finish there, it would
//! wait for ever. How the processors are shared is up to the machine, so nothing here has a bar.

use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use ng_parallel::{IngestError, StopFlag, Workers, ingest};
use ng_store::{NoHash, PagePolicy, TokenSink, TokenStore, VecStore};
use ng_token::Token;

use crate::fill::{stored, token};
use crate::scan::{id_sum, sum_ids_by};
use crate::size::{bytes_of, ensure_memory};
use crate::teams::{Teams, case_name};
use crate::{Case, Pace, Ratio, Suite, Work};

/// The suite `beside`.
pub struct Beside {
    store: VecStore,
    teams: Teams,
}

impl Beside {
    /// Fills a store with `count` tokens, for one worker and `threads` to sum.
    ///
    /// # Errors
    ///
    /// If there is not enough memory, or no such threads.
    pub fn new(count: usize, threads: NonZeroUsize) -> Result<Self> {
        ensure_memory(bytes_of(count))?;
        let teams = Teams::new(threads)?;
        let store = stored(teams.all(), PagePolicy::Huge, count)?;
        Ok(Self { store, teams })
    }

    /// Returns the cases and their ratios. All of them read the same memory.
    pub fn suite(&self) -> Suite<'_> {
        let mut cases = Vec::new();
        let mut ratios = Vec::new();
        for workers in self.teams.iter() {
            for (name, is_beside) in [("alone", false), ("beside", true)] {
                let reduction = Reduction {
                    workers,
                    tokens: self.store.tokens(),
                    is_beside,
                    ingest: None,
                };
                let count = self.store.len();
                cases.push(Case::new(case_name(name, workers), count, reduction));
            }
            let [beside, alone] = ["beside", "alone"].map(|name| case_name(name, workers));
            ratios.push(Ratio::new(beside, alone, None));
        }
        ratios.extend(self.teams.scaling("beside", None));
        Suite {
            name: "beside",
            about: format!(
                "ids of {} tokens, alone and beside an ingest on the same workers",
                self.store.len()
            ),
            cases,
            ratios,
            pace: PACE,
        }
    }
}

const PACE: Pace = Pace {
    samples: 20,
    warm_up: Duration::from_millis(200),
    measurement: Duration::from_secs(3),
    round_iterations: 4,
};

struct Reduction<'a> {
    workers: &'a Workers,
    tokens: &'a [Token],
    is_beside: bool,
    /// What runs meanwhile, from `prepare` until the result is dropped.
    ingest: Option<LongIngest>,
}

impl Work for Reduction<'_> {
    type Output = (u64, Option<LongIngest>);

    fn prepare(&mut self) -> Result<()> {
        let start = || LongIngest::start(self.workers);
        self.ingest = self.is_beside.then(start).transpose()?;
        Ok(())
    }

    fn run(&mut self) -> Result<Self::Output> {
        let sum = sum_ids_by(self.workers, self.tokens)?;
        Ok((sum, self.ingest.take()))
    }

    fn checksum(&self, (sum, ingest): Self::Output) -> Result<u64> {
        ingest.map_or(Ok(()), LongIngest::end)?;
        Ok(sum)
    }

    fn expected(&self) -> u64 {
        id_sum(self.tokens.len())
    }
}

/// An ingest that is stopped long before its end.
struct LongIngest {
    stop: StopFlag,
    thread: JoinHandle<Result<(), IngestError<Infallible>>>,
}

impl LongIngest {
    /// Starts it on its own thread, and returns when it has appended something.
    fn start(workers: &Workers) -> Result<Self> {
        let stop = StopFlag::new();
        let workers = workers.with_stop_flag(stop.clone());
        let (begins, begun) = channel();
        let thread = thread::spawn(move || {
            let mut sink = Nowhere {
                appended: 0,
                begins: Some(begins),
            };
            ingest(&workers, &mut sink, usize::MAX, token)
        });
        begun.recv().context("the ingest has not begun")?;
        Ok(Self { stop, thread })
    }

    /// Stops it; it must not have ended otherwise.
    fn end(self) -> Result<()> {
        self.stop.stop();
        let outcome = self.thread.join();
        let outcome = outcome.map_err(|_| anyhow!("the ingest panicked"))?;
        let stopped = matches!(outcome, Err(IngestError::Stopped { .. }));
        ensure!(stopped, "the ingest ended by itself: {outcome:?}");
        Ok(())
    }
}

/// A sink that keeps nothing, and signals when it receives something.
struct Nowhere {
    appended: u64,
    begins: Option<Sender<()>>,
}

impl TokenSink for Nowhere {
    type Error = Infallible;
    type Hasher = NoHash;

    fn appended_tokens(&self) -> u64 {
        self.appended
    }

    fn reserve(&mut self, _additional: usize) -> Result<(), Infallible> {
        Ok(())
    }

    fn append(&mut self, tokens: &[Token]) -> Result<(), Infallible> {
        self.appended += tokens.len() as u64;
        if let Some(begins) = self.begins.take() {
            // If nobody waits any more, nothing is lost.
            let _ = begins.send(());
        }
        Ok(())
    }

    fn append_with(
        &mut self,
        count: usize,
        f: impl Fn(usize) -> Token + Sync,
    ) -> Result<(), Infallible> {
        (0..count).try_for_each(|index| self.append(&[f(index)]))
    }

    fn block_hasher(&self) -> NoHash {
        NoHash
    }

    fn append_hashed(&mut self, tokens: &[Token], _hashes: &[u64]) -> Result<(), Infallible> {
        self.append(tokens)
    }

    fn commit(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_runs_tiny() {
        for threads in 1..4 {
            let threads = NonZeroUsize::new(threads).unwrap();
            crate::suite::check(Beside::new(1_000, threads).unwrap().suite());
        }
    }

    #[test]
    fn a_long_ingest_goes_on_until_it_is_ended_and_stops_nobody_else() {
        for threads in 1..4 {
            let workers = Workers::new(threads).unwrap();
            let ingest = LongIngest::start(&workers).unwrap();
            assert!(!ingest.thread.is_finished());
            ingest.end().unwrap();
            assert!(!workers.stop_flag().is_stopped());
        }
    }
}
