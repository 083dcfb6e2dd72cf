//! Making tokens, taken apart: container, growth, pages, clock, threads, host.

use ng_lab::{Cell, Failure, Headline, Limit, Pages, Run, Scenario, Variant};
use ng_parallel::Workers;
use ng_store::{TokenSink, VecStore};
use ng_token::Token;

use crate::proof::{prove_ids, prove_tokens};
use crate::scenarios::fill::{bytes_of, pushed, reserved, token, workers};
use crate::scenarios::stamped::{now_s, stamped};

/// Tokens that one clock reading serves, and that a growing store gets at once.
const BATCH: usize = 4096;

/// Creation of tokens into fresh memory.
pub(super) struct Create;

impl Scenario for Create {
    fn name(&self) -> &'static str {
        "create"
    }

    fn about(&self) -> &'static str {
        "tokens into fresh memory: plain Vec or store, reserved, grown or zeroed, 4 KiB or 2 MiB \
         pages, with and without a clock"
    }

    fn variants(&self, threads: &[usize]) -> Vec<Variant> {
        let small = |name| Variant::new(name).pages(Pages::Small);
        // The base is what everybody writes first.
        let mut variants = vec![
            small("vec-push"),
            small("vec-grown"),
            small("vec-zeroed"),
            small("store-4k"),
            Variant::new("store-2m"),
            Variant::new("store-2m-grown"),
            Variant::new("store-2m-clock-per-token"),
            Variant::new("store-2m-clock-per-batch"),
            Variant::new("store-2m-host-cold").host_cold(),
        ];
        let more = threads.iter().filter(|threads| **threads > 1);
        variants.extend(more.map(|threads| Variant::new("store-2m").threads(*threads)));
        variants
    }

    fn headline(&self) -> Headline {
        Headline::of("create").variant("store-2m")
    }

    /// A vector that grows holds the old tokens and twice as many places.
    fn needs_bytes(&self, cell: &Cell) -> u64 {
        let grows = cell.variant.name.ends_with("grown");
        bytes_of(cell.items) * if grows { 3 } else { 1 }
    }

    fn run(&self, cell: &Cell, run: &mut Run) -> Result<(), Failure> {
        let count = cell.items as usize;
        let Variant {
            name,
            threads,
            pages,
            ..
        } = &cell.variant;
        let workers = workers(*threads)?;
        let phase = run
            .phase("create", cell.items)
            .touches(bytes_of(cell.items))
            .bounded_by(Limit::first_touch(*pages), *threads, bytes_of(cell.items));
        let tokens = match name.as_str() {
            "vec-push" => phase.time(|| pushed(count)),
            "vec-grown" => phase.time(|| grown_vec(count)),
            "vec-zeroed" => phase.time(|| zeroed_vec(count)),
            "store-4k" | "store-2m" | "store-2m-host-cold" => {
                phase.time(|| filled_store(&workers, count, *pages, token))?
            }
            "store-2m-grown" => phase.time(|| grown_store(count))?,
            "store-2m-clock-per-token" => phase
                .bounded_by(Limit::ClockRead, 1, cell.items)
                .time(|| filled_store(&workers, count, *pages, stamped))?,
            "store-2m-clock-per-batch" => phase.time(|| stamped_batches(count, *pages))?,
            other => return Err(format!("create has no variant {other}").into()),
        };
        if name.contains("clock") {
            let unstamped = tokens.iter().filter(|token| token.timestamp() == 0);
            run.prove_equal("unstamped", unstamped.count() as u64, 0)?;
            return prove_ids(run, &tokens, cell.items);
        }
        prove_tokens(run, &tokens, cell.items)
    }
}

/// Generic over `f`: a call through a pointer for each token took twice the time
/// of the whole fill.
fn filled_store(
    workers: &Workers,
    count: usize,
    pages: Pages,
    f: impl Fn(usize) -> Token + Sync,
) -> Result<Vec<Token>, Failure> {
    let mut store = reserved(count, pages)?;
    ng_parallel::fill(workers, &mut store, count, f)?;
    Ok(store.into_vec())
}

fn grown_vec(count: usize) -> Vec<Token> {
    // Growth is what this variant is about.
    #[allow(clippy::vec_init_then_push)]
    let mut tokens = Vec::new();
    for index in 0..count {
        tokens.push(token(index));
    }
    tokens
}

/// For a type aligned to 64, zeroed allocation clears the memory itself, and
/// that is a first pass over it.
fn zeroed_vec(count: usize) -> Vec<Token> {
    let mut tokens = vec![Token::ZERO; count];
    for (index, slot) in tokens.iter_mut().enumerate() {
        *slot = token(index);
    }
    tokens
}

fn grown_store(count: usize) -> Result<Vec<Token>, Failure> {
    let mut store = VecStore::new();
    for first in (0..count).step_by(BATCH) {
        store.append_with(BATCH.min(count - first), |index| token(first + index))?;
    }
    store.commit()?;
    Ok(store.into_vec())
}

fn stamped_batches(count: usize, pages: Pages) -> Result<Vec<Token>, Failure> {
    let mut store = reserved(count, pages)?;
    for first in (0..count).step_by(BATCH) {
        let now = now_s();
        store.append_with(BATCH.min(count - first), |index| {
            token(first + index).with_timestamp(now)
        })?;
    }
    store.commit()?;
    Ok(store.into_vec())
}
