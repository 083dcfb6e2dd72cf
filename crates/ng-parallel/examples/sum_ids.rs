//! Fills a store with two workers, sums its ids and copies out every 1,000th token.

use ng_parallel::ng_store::{TokenStore, VecStore};
use ng_parallel::ng_token::Token;
use ng_parallel::{Workers, fill, gather, map_reduce};
use std::error::Error;

const TOKENS: usize = 1_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    let workers = Workers::new(2)?;
    let mut store = VecStore::try_with_capacity(TOKENS)?;
    fill(&workers, &mut store, TOKENS, |index| {
        Token::new(index as u32)
    })?;

    let sum = map_reduce(
        &workers,
        store.tokens(),
        |_, tokens| sum_ids(tokens),
        |left, right| left + right,
    )?;
    println!("{} tokens, sum of ids {}", store.len(), sum.unwrap_or(0));

    let indices: Vec<usize> = (0..TOKENS).step_by(1_000).collect();
    let mut copied = Vec::new();
    gather(&workers, store.tokens(), &indices, &mut copied)?;
    println!("{} copied, sum of ids {}", copied.len(), sum_ids(&copied));
    Ok(())
}

fn sum_ids(tokens: &[Token]) -> u64 {
    tokens.iter().map(|token| u64::from(token.id().raw())).sum()
}
