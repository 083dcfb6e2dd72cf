//! The seed's tests done its way: plain vectors, and a clock read in each token.

use ng_lab::{Cell, Failure, Headline, Limit, Pages, Run, Scenario, Variant};

use crate::proof::{prove_chunks, prove_tokens};
use crate::scenarios::combined::life;
use crate::scenarios::fill::bytes_of;
use crate::scenarios::stamped::{pushed_stamped, stamped_chunks, take_times};

/// The seed's work with a clock read in each token.
pub(super) struct Clocked;

impl Scenario for Clocked {
    fn name(&self) -> &'static str {
        "clocked"
    }

    fn about(&self) -> &'static str {
        "the seed's way, a clock read in each token: one vector, a vector for each thread, and \
         create, read, clone"
    }

    fn variants(&self, threads: &[usize]) -> Vec<Variant> {
        let small = |name| Variant::new(name).pages(Pages::Small);
        let chunks = threads.iter().map(|n| small("chunks").threads(*n));
        let mut variants = vec![small("push"), small("cycle")];
        variants.extend(chunks);
        variants
    }

    fn headline(&self) -> Headline {
        Headline::of("create").variant("push")
    }

    /// The clone of a cycle, and a copy of the chunks for their proof.
    fn needs_bytes(&self, cell: &Cell) -> u64 {
        let copies = if cell.variant.name == "push" { 1 } else { 2 };
        copies * bytes_of(cell.items)
    }

    fn run(&self, cell: &Cell, run: &mut Run) -> Result<(), Failure> {
        let (count, threads) = (cell.items as usize, cell.variant.threads);
        if cell.variant.name == "cycle" {
            let create = |count| Ok(pushed_stamped(0..count));
            let mut copy = life(run, cell, create, |tokens| Ok(tokens.clone()))?;
            take_times(&mut copy);
            return prove_tokens(run, &copy, cell.items);
        }
        let phase = run
            .phase("create", cell.items)
            .touches(bytes_of(cell.items))
            // Clock reads of one thread: the limit is measured on one.
            .bounded_by(Limit::ClockRead, 1, cell.items.div_ceil(threads as u64));
        let mut made = match cell.variant.name.as_str() {
            "push" => vec![phase.time(|| pushed_stamped(0..count))],
            "chunks" => phase.time(|| stamped_chunks(count, threads))?,
            other => return Err(format!("clocked has no variant {other}").into()),
        };
        made.iter_mut().for_each(|tokens| take_times(tokens));
        prove_chunks(run, made, cell.items)
    }
}
