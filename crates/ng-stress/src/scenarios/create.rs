//! Creating tokens, by container, growth, pages, clock, threads and host.

use ng_lab::{Cell, Failure, Headline, Limit, Pages, Run, Scenario, Variant};
use ng_parallel::Workers;
use ng_store::{TokenSink, VecStore};
use ng_token::Token;

use crate::proof::{prove_ids, prove_tokens};
use crate::scenarios::fill::{bytes_of, pushed, reserved, token, workers};
use crate::scenarios::stamped::{now_s, stamped};

/// Tokens per clock reading, and per append to a growing store.
const BATCH: usize = 4096;

/// How often a clock is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Clock {
    Never,
    PerToken,
    PerBatch,
}

/// The input of a way of creation.
struct Work<'w> {
    workers: &'w Workers,
    count: usize,
    pages: Pages,
}

/// One way of creation: a variant of the scenario.
struct Way {
    name: &'static str,
    pages: Pages,
    host_warm: bool,
    /// Whether it starts without capacity: growing holds the old tokens and twice the
    /// capacity.
    grows: bool,
    clock: Clock,
    /// Whether it is also measured on several threads.
    shares: bool,
    make: fn(&Work<'_>) -> Result<Vec<Token>, Failure>,
}

impl Way {
    /// On small pages and one thread, host-warm, reserved from the start, without a clock.
    const fn new(name: &'static str, make: fn(&Work<'_>) -> Result<Vec<Token>, Failure>) -> Self {
        Self {
            name,
            pages: Pages::Small,
            host_warm: true,
            grows: false,
            clock: Clock::Never,
            shares: false,
            make,
        }
    }

    const fn huge(self) -> Self {
        let pages = Pages::Huge;
        Self { pages, ..self }
    }

    const fn growing(self) -> Self {
        let grows = true;
        Self { grows, ..self }
    }

    const fn reading(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    fn variant(&self) -> Variant {
        let variant = Variant::new(self.name).pages(self.pages);
        match self.host_warm {
            true => variant,
            false => variant.host_cold(),
        }
    }
}

/// All ways. The first is what everybody writes first.
const WAYS: [Way; 9] = [
    Way::new("vec-push", |work| Ok(pushed(work.count))),
    Way::new("vec-grown", |work| Ok(grown_vec(work.count))).growing(),
    Way::new("vec-zeroed", |work| Ok(zeroed_vec(work.count))),
    Way::new("store-4k", |work| filled_store(work, token)),
    Way {
        shares: true,
        ..Way::new("store-2m", |work| filled_store(work, token)).huge()
    },
    Way::new("store-2m-grown", |work| grown_store(work.count))
        .huge()
        .growing(),
    Way::new("store-2m-clock-per-token", |work| {
        filled_store(work, stamped)
    })
    .huge()
    .reading(Clock::PerToken),
    Way::new("store-2m-clock-per-batch", stamped_batches)
        .huge()
        .reading(Clock::PerBatch),
    Way {
        host_warm: false,
        ..Way::new("store-2m-host-cold", |work| filled_store(work, token)).huge()
    },
];

fn way_of(cell: &Cell) -> Result<&'static Way, Failure> {
    let name = cell.variant.name.as_str();
    let way = WAYS.iter().find(|way| way.name == name);
    way.ok_or_else(|| format!("create has no variant {name}").into())
}

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
        let several = || threads.iter().filter(|threads| **threads > 1);
        let shared = WAYS.iter().filter(|way| way.shares);
        let shared =
            shared.flat_map(|way| several().map(|threads| way.variant().threads(*threads)));
        WAYS.iter().map(Way::variant).chain(shared).collect()
    }

    fn headline(&self) -> Headline {
        Headline::of("create").variant("store-2m")
    }

    fn needs_bytes(&self, cell: &Cell) -> u64 {
        let grows = way_of(cell).is_ok_and(|way| way.grows);
        bytes_of(cell.items) * if grows { 3 } else { 1 }
    }

    fn run(&self, cell: &Cell, run: &mut Run) -> Result<(), Failure> {
        let way = way_of(cell)?;
        let Variant { threads, pages, .. } = cell.variant;
        let work = Work {
            workers: &workers(threads)?,
            count: cell.items as usize,
            pages,
        };
        let bytes = bytes_of(cell.items);
        let phase = run.phase("create", cell.items).touches(bytes);
        let phase = match way.clock {
            Clock::PerToken => phase.bounded_by(Limit::ClockRead, 1, cell.items),
            _ => phase.bounded_by(Limit::first_touch(pages), threads, bytes),
        };
        let tokens = phase.time(|| (way.make)(&work))?;
        if way.clock == Clock::Never {
            return prove_tokens(run, &tokens, cell.items);
        }
        let unstamped = tokens.iter().filter(|token| token.timestamp() == 0);
        run.prove_equal("unstamped", unstamped.count() as u64, 0)?;
        prove_ids(run, &tokens, cell.items)
    }
}

/// Generic over `f`: a call through a pointer per token doubled the time of the fill.
fn filled_store(work: &Work<'_>, f: impl Fn(usize) -> Token + Sync) -> Result<Vec<Token>, Failure> {
    let mut store = reserved(work.count, work.pages)?;
    ng_parallel::fill(work.workers, &mut store, work.count, f)?;
    Ok(store.into_vec())
}

fn grown_vec(count: usize) -> Vec<Token> {
    // This variant measures growth.
    #[allow(clippy::vec_init_then_push)]
    let mut tokens = Vec::new();
    for index in 0..count {
        tokens.push(token(index));
    }
    tokens
}

/// For a type aligned to 64, zeroed allocation clears the memory itself, in a first pass.
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

fn stamped_batches(&Work { count, pages, .. }: &Work<'_>) -> Result<Vec<Token>, Failure> {
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
