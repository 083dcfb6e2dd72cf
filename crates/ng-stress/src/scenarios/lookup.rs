//! Reading a mapped token file at random: ids, and whole tokens.

use ng_lab::rng::SplitMix64;
use ng_lab::{
    AccessEvidence, Cell, Failure, Headline, Limit, Pages, Pattern, Phase, Run, Scenario, Variant,
};
use ng_store::TokenStore;
use ng_token::Token;

use crate::oracle::id_sum;
use crate::own_file::OwnFile;
use crate::proof::{prove_tokens, sum_ids};
use crate::scenarios::file::{created, disk_bytes_of};
use crate::scenarios::fill::{bytes_of, reserved, workers};

/// One of this many tokens is read.
const OF_TOKENS: u64 = 10;
/// Seeds of the orders: the same reads in every build and round.
const SEEDS: [u64; 3] = [1, 2, 3];

/// Random reads.
pub(super) struct Lookup;

impl Scenario for Lookup {
    fn name(&self) -> &'static str {
        "lookup"
    }

    fn about(&self) -> &'static str {
        "a token file at random through its map: ids from a fresh map, ids with all pages in the \
         page table, and whole tokens gathered into touched memory"
    }

    fn variants(&self, _threads: &[usize]) -> Vec<Variant> {
        vec![Variant::new("warm").pages(Pages::Small)]
    }

    fn headline(&self) -> Headline {
        Headline::of("fresh_map")
    }

    /// The file in the page cache, the positions of all orders, and the tokens of one.
    fn needs_bytes(&self, cell: &Cell) -> u64 {
        let reads = cell.items.div_ceil(OF_TOKENS);
        let positions = reads * SEEDS.len() as u64;
        bytes_of(cell.items + reads) + positions * size_of::<usize>() as u64
    }

    fn needs_disk_bytes(&self, cell: &Cell) -> u64 {
        disk_bytes_of(cell.items)
    }

    fn run(&self, cell: &Cell, run: &mut Run) -> Result<(), Failure> {
        let file = created(run, cell.items)?;
        let store = file.open()?;
        let orders = SEEDS.map(|seed| order(seed, cell.items));
        look_up(run, "fresh_map", &file, store.tokens(), &orders[0])?;
        // Brings every page into the page table.
        run.prove_equal("scan_sum", sum_ids(store.tokens()), id_sum(cell.items))?;
        look_up(run, "lookup", &file, store.tokens(), &orders[1])?;
        gather(run, &file, store.tokens(), &orders[2])?;
        prove_tokens(run, store.tokens(), cell.items)
    }
}

fn order(seed: u64, count: u64) -> Vec<usize> {
    let mut rng = SplitMix64::new(seed);
    let reads = 0..count.div_ceil(OF_TOKENS);
    reads.map(|_| rng.below(count) as usize).collect()
}

fn look_up(
    run: &mut Run,
    name: &str,
    file: &OwnFile,
    tokens: &[Token],
    order: &[usize],
) -> Result<(), Failure> {
    let sum = random(run, name, file, tokens, order).time(|| {
        let mut sum = 0u64;
        for &position in order {
            sum = sum.wrapping_add(u64::from(tokens[position].id().raw()));
        }
        sum
    });
    prove_sum(run, name, sum, order)
}

fn gather(run: &mut Run, file: &OwnFile, tokens: &[Token], order: &[usize]) -> Result<(), Failure> {
    let workers = workers(1)?;
    let mut out = reserved(order.len(), Pages::Huge)?.into_vec();
    out.resize(order.len(), Token::ZERO);
    out.clear();
    random(run, "gather", file, tokens, order)
        .time(|| ng_parallel::gather(&workers, tokens, order, &mut out))?;
    prove_sum(run, "gather", sum_ids(&out), order)
}

/// A phase of reads in `order`.
///
/// Bounded by 2 MiB pages: the page cache keeps a file in pieces larger than a page, whose
/// translations the processor can share. It was seen to be faster than anonymous memory on
/// 4 KiB pages, and never faster than on 2 MiB pages.
fn random<'r>(
    run: &'r mut Run,
    name: &str,
    file: &OwnFile,
    tokens: &[Token],
    order: &[usize],
) -> Phase<'r> {
    let mut positions = order.iter().map(|position| *position as u64);
    let evidence = AccessEvidence::of(
        Pattern::Random,
        &mut positions,
        tokens.len() as u64,
        bytes_of(1),
    );
    run.phase(name, order.len() as u64)
        .warm(file.path())
        .accesses(evidence)
        .bounded_by(Limit::RandomHuge, 1, order.len() as u64)
}

fn prove_sum(run: &mut Run, name: &str, sum: u64, order: &[usize]) -> Result<(), Failure> {
    let expected = order.iter().map(|position| u64::from(*position as u32));
    run.prove_equal(
        &format!("{name}_sum"),
        sum,
        expected.fold(0, u64::wrapping_add),
    )
}
