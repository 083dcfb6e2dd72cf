//! Reading ids in four orders, each with evidence of its order.

use ng_lab::rng::{SplitMix64, mix, scale};
use ng_lab::{
    AccessEvidence, Cell, Failure, Headline, Limit, Pages, Pattern, Run, Scenario, Variant,
};
use ng_token::Token;

use crate::oracle::{id_sum, stride_sum};
use crate::proof::{prove_tokens, sum_ids};
use crate::scenarios::fill::{bytes_of, filled, pushed};

/// Distance of the strided reads, which the seed called random.
const STRIDE: usize = 10;
/// Seed of the random order: the same reads in every build and round.
const ORDER_SEED: u64 = 1;

/// Access patterns.
pub(super) struct Access;

impl Scenario for Access {
    fn name(&self) -> &'static str {
        "access"
    }

    fn about(&self) -> &'static str {
        "summing ids in order, in strides of ten, at random, and at random with each position \
         taken from the previous token"
    }

    fn variants(&self, _threads: &[usize]) -> Vec<Variant> {
        vec![
            Variant::new("vec-4k").pages(Pages::Small),
            Variant::new("store-2m"),
        ]
    }

    fn headline(&self) -> Headline {
        Headline::of("random").variant("store-2m")
    }

    /// Tokens, and a position for every tenth.
    fn needs_bytes(&self, cell: &Cell) -> u64 {
        bytes_of(cell.items) + cell.items.div_ceil(STRIDE as u64) * size_of::<usize>() as u64
    }

    fn run(&self, cell: &Cell, run: &mut Run) -> Result<(), Failure> {
        let count = cell.items as usize;
        let tokens = match cell.variant.pages {
            Pages::Small => pushed(count),
            Pages::Huge => filled(count, Pages::Huge)?.into_vec(),
        };
        sequential(run, &tokens)?;
        stride(run, &tokens)?;
        random(run, &tokens, cell.variant.pages)?;
        dependent(run, &tokens, cell.variant.pages)?;
        prove_tokens(run, &tokens, cell.items)
    }
}

fn evidence(
    claimed: Pattern,
    order: &mut dyn Iterator<Item = u64>,
    tokens: &[Token],
) -> AccessEvidence {
    AccessEvidence::of(claimed, order, tokens.len() as u64, bytes_of(1))
}

fn sequential(run: &mut Run, tokens: &[Token]) -> Result<(), Failure> {
    let count = tokens.len() as u64;
    let sum = run
        .phase("sequential", count)
        .accesses(evidence(Pattern::Sequential, &mut (0..count), tokens))
        .bounded_by(Limit::Read, 1, bytes_of(count))
        .time(|| sum_ids(tokens));
    run.prove_equal("sequential_sum", sum, id_sum(count))
}

fn stride(run: &mut Run, tokens: &[Token]) -> Result<(), Failure> {
    let count = tokens.len() as u64;
    let mut order = (0..count).step_by(STRIDE);
    let reads = count.div_ceil(STRIDE as u64);
    let sum = run
        .phase("stride_10", reads)
        .accesses(evidence(Pattern::Stride(STRIDE as u64), &mut order, tokens))
        .bounded_by(Limit::Read, 1, bytes_of(reads))
        .time(|| {
            let mut sum = 0u64;
            let mut position = 0;
            while position < tokens.len() {
                sum = sum.wrapping_add(u64::from(tokens[position].id().raw()));
                position += STRIDE;
            }
            sum
        });
    run.prove_equal("stride_10_sum", sum, stride_sum(count, STRIDE as u64))
}

/// As many reads as with the stride, at positions drawn beforehand.
fn random(run: &mut Run, tokens: &[Token], pages: Pages) -> Result<(), Failure> {
    let count = tokens.len() as u64;
    let mut rng = SplitMix64::new(ORDER_SEED);
    let order: Vec<usize> = (0..count.div_ceil(STRIDE as u64))
        .map(|_| rng.below(count) as usize)
        .collect();
    let mut positions = order.iter().map(|position| *position as u64);
    let sum = run
        .phase("random", order.len() as u64)
        .accesses(evidence(Pattern::Random, &mut positions, tokens))
        .bounded_by(Limit::random(pages), 1, order.len() as u64)
        .time(|| {
            let mut sum = 0u64;
            for &position in &order {
                sum = sum.wrapping_add(u64::from(tokens[position].id().raw()));
            }
            sum
        });
    let expected = order.iter().map(|position| u64::from(*position as u32));
    run.prove_equal("random_sum", sum, expected.fold(0, u64::wrapping_add))
}

/// Each position follows from the previous id, so that no two reads can overlap.
fn dependent(run: &mut Run, tokens: &[Token], pages: Pages) -> Result<(), Failure> {
    let count = tokens.len() as u64;
    let reads = count.div_ceil(STRIDE as u64);
    let next = |id: u32, step: u64| scale(mix(u64::from(id) ^ (step << 32)), count);
    // The same walk without tokens: the id at a position is known.
    let walk: Vec<u64> = (0..reads)
        .scan(0u64, |position, step| {
            let here = *position;
            *position = next(here as u32, step);
            Some(here)
        })
        .collect();
    let (sum, end) = run
        .phase("dependent", reads)
        .accesses(evidence(Pattern::Random, &mut walk.iter().copied(), tokens))
        .bounded_by(Limit::dependent(pages), 1, reads)
        .time(|| {
            let (mut sum, mut position) = (0u64, 0u64);
            for step in 0..reads {
                let id = tokens[position as usize].id().raw();
                sum = sum.wrapping_add(u64::from(id));
                position = next(id, step);
            }
            (sum, position)
        });
    let expected = walk.iter().map(|position| u64::from(*position as u32));
    run.prove_equal("dependent_sum", sum, expected.fold(0, u64::wrapping_add))?;
    run.prove("dependent_end", end);
    Ok(())
}
