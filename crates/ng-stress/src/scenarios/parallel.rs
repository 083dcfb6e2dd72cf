//! The same code on one thread and on several.

use ng_lab::{Cell, Failure, Headline, Limit, Pages, Run, Scenario, Variant};
use ng_store::TokenStore;

use crate::oracle::id_sum;
use crate::proof::{prove_tokens, sum_ids};
use crate::scenarios::fill::{bytes_of, reserved, token, workers};

/// Filling and scanning on worker threads.
pub(super) struct Parallel;

impl Scenario for Parallel {
    fn name(&self) -> &'static str {
        "parallel"
    }

    fn about(&self) -> &'static str {
        "filling fresh memory, summing ids, and filling again, on every requested number of threads"
    }

    fn variants(&self, threads: &[usize]) -> Vec<Variant> {
        threads
            .iter()
            .map(|threads| Variant::new("store-2m").threads(*threads))
            .collect()
    }

    fn headline(&self) -> Headline {
        Headline::of("fill").on_most_threads()
    }

    fn needs_bytes(&self, cell: &Cell) -> u64 {
        bytes_of(cell.items)
    }

    fn run(&self, cell: &Cell, run: &mut Run) -> Result<(), Failure> {
        let (count, bytes) = (cell.items as usize, bytes_of(cell.items));
        let threads = cell.variant.threads;
        let workers = workers(threads)?;
        let mut store = run
            .phase("fill", cell.items)
            .touches(bytes)
            .bounded_by(Limit::FirstTouchHuge, threads, bytes)
            .time(|| -> Result<_, Failure> {
                let mut store = reserved(count, Pages::Huge)?;
                ng_parallel::fill(&workers, &mut store, count, token)?;
                Ok(store)
            })?;
        let sum = run
            .phase("scan", cell.items)
            .bounded_by(Limit::Read, threads, bytes)
            .time(|| {
                ng_parallel::map_reduce(
                    &workers,
                    store.tokens(),
                    |_, tokens| sum_ids(tokens),
                    u64::wrapping_add,
                )
            })?;
        run.prove_equal("scan_sum", sum.unwrap_or(0), id_sum(cell.items))?;
        store.clear();
        run.phase("refill", cell.items)
            .bounded_by(Limit::Refill, threads, bytes)
            .time(|| ng_parallel::fill(&workers, &mut store, count, token))?;
        prove_tokens(run, store.tokens(), cell.items)
    }
}
