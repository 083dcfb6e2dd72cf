//! The cost and benefit of reserving: the seed's "with and without capacity", and the same
//! work with reservation, first touch and fill timed separately.

use std::mem::MaybeUninit;

use ng_lab::{Cell, Failure, Headline, Limit, Pages, Run, Scenario, Variant};
use ng_token::Token;

use crate::proof::prove_tokens;
use crate::scenarios::fill::{bytes_of, pushed, reserved, token};

/// Allocations are counted up to here: enough to distinguish several from one.
const COUNTED_TOKENS: usize = 1 << 16;
/// Tokens of a 4 KiB page.
const PAGE_TOKENS: usize = 4096 / size_of::<Token>();

/// Allocation patterns.
pub(super) struct Allocation;

impl Scenario for Allocation {
    fn name(&self) -> &'static str {
        "allocation"
    }

    fn about(&self) -> &'static str {
        "a vector without and with capacity; then reservation, first touch and fill separately"
    }

    fn variants(&self, _threads: &[usize]) -> Vec<Variant> {
        vec![
            Variant::new("without-capacity").pages(Pages::Small),
            Variant::new("with-capacity").pages(Pages::Small),
            Variant::new("apart-4k").pages(Pages::Small),
            Variant::new("apart-2m"),
        ]
    }

    fn headline(&self) -> Headline {
        Headline::of("whole").variant("with-capacity")
    }

    /// As in `create`: growing holds the old tokens and twice the capacity.
    fn needs_bytes(&self, cell: &Cell) -> u64 {
        let grows = cell.variant.name == "without-capacity";
        bytes_of(cell.items) * if grows { 3 } else { 1 }
    }

    fn run(&self, cell: &Cell, run: &mut Run) -> Result<(), Failure> {
        let count = cell.items as usize;
        let (tokens, empty) = match cell.variant.name.as_str() {
            "without-capacity" => {
                let tokens = whole(run, cell, || push_all(Vec::new(), count));
                (tokens, Some(Vec::new()))
            }
            "with-capacity" => {
                let tokens = whole(run, cell, || pushed(count));
                (tokens, Some(Vec::with_capacity(count)))
            }
            _ => (apart(run, cell)?, None),
        };
        prove_tokens(run, &tokens, cell.items)?;
        // Before the counting run, which must not cause a second peak.
        drop(tokens);
        if let Some(empty) = empty {
            let count = count.min(COUNTED_TOKENS);
            run.prove("allocations", allocations(empty, count));
        }
        Ok(())
    }
}

fn whole(run: &mut Run, cell: &Cell, work: impl FnOnce() -> Vec<Token>) -> Vec<Token> {
    let bytes = bytes_of(cell.items);
    let phase = run.phase("whole", cell.items).touches(bytes).bounded_by(
        Limit::first_touch(cell.variant.pages),
        1,
        bytes,
    );
    phase.time(work)
}

fn apart(run: &mut Run, cell: &Cell) -> Result<Vec<Token>, Failure> {
    let (count, pages, bytes) = (
        cell.items as usize,
        cell.variant.pages,
        bytes_of(cell.items),
    );
    // Reserving address space takes the same time for any size.
    let mut tokens = run
        .phase("reserve", 0)
        .constant()
        .time(|| reserved(count, pages))?
        .into_vec();
    let phase = run.phase("first_touch", cell.items).touches(bytes);
    phase.time(|| touch_pages(tokens.spare_capacity_mut()));
    let phase = run
        .phase("fill", cell.items)
        .bounded_by(Limit::Refill, 1, bytes);
    Ok(phase.time(|| push_all(tokens, count)))
}

/// How often `tokens` allocates for its first `count`. Counted outside the timed loop.
fn allocations(mut tokens: Vec<Token>, count: usize) -> u64 {
    let mut capacity = tokens.capacity();
    let mut allocations = u64::from(capacity > 0);
    for index in 0..count {
        tokens.push(token(index));
        allocations += u64::from(tokens.capacity() != capacity);
        capacity = tokens.capacity();
    }
    allocations
}

/// Writes one token per page, so that every page is resident.
fn touch_pages(room: &mut [MaybeUninit<Token>]) {
    for page in room.chunks_mut(PAGE_TOKENS) {
        page[0].write(Token::ZERO);
    }
}

fn push_all(mut tokens: Vec<Token>, count: usize) -> Vec<Token> {
    for index in 0..count {
        tokens.push(token(index));
    }
    tokens
}
