//! Work on tokens in memory.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU64, Ordering};

use ng_parallel::*;
use ng_store::*;
use ng_token::*;

use crate::Outcome;
use crate::place::Place;
use crate::samples::{sum, sum_of_ids, sum_to, token};

const COUNT: usize = 100_000;

pub(super) fn run(_: &Place) -> Outcome {
    let workers = Workers::new(3)?;
    let mut store = VecStore::new();
    fill(&workers, &mut store, COUNT, |_| Token::ZERO)?;
    for_each_shard_mut(&workers, store.tokens_mut(), |shard, tokens| {
        for (token, index) in tokens.iter_mut().zip(shard.range) {
            *token = crate::samples::token(index);
        }
    })?;
    assert_eq!(sum_of_ids(&store), sum_to(COUNT as u64));

    let total = AtomicU64::new(0);
    for_each_shard(&workers, store.tokens(), |_, tokens| {
        total.fetch_add(sum(tokens), Ordering::Relaxed);
    })?;
    let reduced = map_reduce(
        &workers,
        store.tokens(),
        |_, tokens| sum(tokens),
        |l, r| l + r,
    )?;
    assert_eq!(reduced, Some(total.into_inner()));

    let mut out = Vec::new();
    gather(&workers, store.tokens(), &[99_999, 0, 77], &mut out)?;
    assert_eq!(out, [token(99_999), token(0), token(77)]);
    panics(&workers, &store)
}

/// A panic is an error that names the shard.
fn panics(workers: &Workers, store: &VecStore) -> Outcome {
    let failed = for_each_shard(workers, store.tokens(), |shard, _| {
        // A panic without the hook's message.
        if shard.number == 2 {
            resume_unwind(Box::new("no such shard"));
        }
    });
    match failed {
        Err(ParallelError::Panicked { shard: 2, message }) => assert_eq!(message, "no such shard"),
        other => return Err(format!("{other:?}").into()),
    }
    Ok(())
}
