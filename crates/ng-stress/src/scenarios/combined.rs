//! A short life cycle: create tokens, read them all, clone them.

use ng_lab::{Cell, Failure, Headline, Limit, Pages, Run, Scenario, Variant};
use ng_store::{TokenStore, VecStore};
use ng_token::Token;

use crate::oracle::id_sum;
use crate::proof::{digest, prove_tokens, sum_ids};
use crate::scenarios::fill::{bytes_of, pushed, reserved, token, workers};

/// Creation, access and clone in one process.
pub(super) struct Combined;

impl Scenario for Combined {
    fn name(&self) -> &'static str {
        "combined"
    }

    fn about(&self) -> &'static str {
        "create, read all ids, clone: a plain Vec and a store"
    }

    fn variants(&self, _threads: &[usize]) -> Vec<Variant> {
        vec![
            Variant::new("vec-4k").pages(Pages::Small),
            Variant::new("store-2m"),
        ]
    }

    fn headline(&self) -> Headline {
        Headline::of("clone").variant("store-2m")
    }

    fn needs_bytes(&self, cell: &Cell) -> u64 {
        2 * bytes_of(cell.items)
    }

    fn run(&self, cell: &Cell, run: &mut Run) -> Result<(), Failure> {
        match cell.variant.pages {
            Pages::Small => {
                let create = |count| Ok(pushed(count));
                let copy = life(run, cell, create, |tokens| Ok(tokens.clone()))?;
                prove_tokens(run, &copy, cell.items)
            }
            Pages::Huge => {
                let copy = life(run, cell, created_store, |store| Ok(store.try_clone()?))?;
                prove_tokens(run, copy.tokens(), cell.items)
            }
        }
    }
}

fn created_store(count: usize) -> Result<VecStore, Failure> {
    let mut store = reserved(count, Pages::Huge)?;
    ng_parallel::fill(&workers(1)?, &mut store, count, token)?;
    Ok(store)
}

/// A container of tokens.
pub(super) trait AsTokens {
    fn as_tokens(&self) -> &[Token];
}

impl AsTokens for Vec<Token> {
    fn as_tokens(&self) -> &[Token] {
        self
    }
}

impl AsTokens for VecStore {
    fn as_tokens(&self) -> &[Token] {
        self.tokens()
    }
}

/// Runs the three phases, and returns the clone after comparing it with its original.
pub(super) fn life<C: AsTokens>(
    run: &mut Run,
    cell: &Cell,
    create: impl FnOnce(usize) -> Result<C, Failure>,
    clone: impl FnOnce(&C) -> Result<C, Failure>,
) -> Result<C, Failure> {
    let bytes = bytes_of(cell.items);
    let first_touch = Limit::first_touch(cell.variant.pages);
    let tokens = run
        .phase("create", cell.items)
        .touches(bytes)
        .bounded_by(first_touch, 1, bytes)
        .time(|| create(cell.items as usize))?;
    let sum = run
        .phase("access", cell.items)
        .bounded_by(Limit::Read, 1, bytes)
        .time(|| sum_ids(tokens.as_tokens()));
    run.prove_equal("access_sum", sum, id_sum(cell.items))?;
    // A clone must touch its own memory.
    let copy = run
        .phase("clone", cell.items)
        .touches(bytes)
        .bounded_by(first_touch, 1, bytes)
        .time(|| clone(&tokens))?;
    if digest(copy.as_tokens()) != digest(tokens.as_tokens()) {
        return Err("the clone's digest differs from that of its original".into());
    }
    Ok(copy)
}
