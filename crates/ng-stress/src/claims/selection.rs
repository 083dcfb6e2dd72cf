//! The cells that an audit measures.

use ng_lab::{Cell, Failure, Headline, Run, Scenario, Variant};

use crate::claims::cell::{CellSpec, Size};
use crate::claims::seed::claims;
use crate::scenarios::REGISTRY;

/// The fewest tokens of an audit: a thousandth is one token.
pub const MIN_TOKENS: u64 = 1000;

/// Numbers of threads that the claims need: one, the seed's four, and two for machines
/// with two processors.
pub const THREADS: [usize; 3] = [1, 2, 4];

/// The numbers of tokens of an audit over `tokens`, ascending.
#[must_use]
pub fn sizes(tokens: u64) -> Vec<u64> {
    Size::ALL.map(|size| size.of(tokens)).to_vec()
}

/// The scenarios that the claims need, each with only the needed cells, for an audit over
/// `tokens`.
#[must_use]
pub fn needed_scenarios(tokens: u64) -> Vec<Box<dyn Scenario>> {
    let cells: Vec<CellSpec> = claims().flat_map(|claim| claim.rule.needs()).collect();
    REGISTRY
        .into_iter()
        .map(|scenario| {
            let of_it = cells.iter().filter(|cell| cell.scenario == scenario.name());
            let needed = Needed {
                scenario,
                cells: of_it.copied().collect(),
                tokens,
            };
            Box::new(needed) as Box<dyn Scenario>
        })
        .collect()
}

/// A scenario with only the needed cells. Workers run the original scenario of that name.
struct Needed {
    scenario: &'static dyn Scenario,
    cells: Vec<CellSpec>,
    tokens: u64,
}

impl Needed {
    fn needs(&self, variant: &Variant, items: u64) -> bool {
        self.cells.iter().any(|cell| {
            cell.variant == variant.name
                && cell.threads == variant.threads
                && cell.size.of(self.tokens) == items
        })
    }
}

impl Scenario for Needed {
    fn name(&self) -> &'static str {
        self.scenario.name()
    }

    fn about(&self) -> &'static str {
        self.scenario.about()
    }

    fn variants(&self, threads: &[usize]) -> Vec<Variant> {
        self.scenario.variants(threads)
    }

    fn headline(&self) -> Headline {
        self.scenario.headline()
    }

    fn variants_at(&self, items: u64, threads: &[usize]) -> Vec<Variant> {
        let mut variants = self.scenario.variants_at(items, threads);
        variants.retain(|variant| self.needs(variant, items));
        variants
    }

    fn needs_bytes(&self, cell: &Cell) -> u64 {
        self.scenario.needs_bytes(cell)
    }

    fn needs_disk_bytes(&self, cell: &Cell) -> u64 {
        self.scenario.needs_disk_bytes(cell)
    }

    fn memory_limit_bytes(&self, cell: &Cell) -> Option<u64> {
        self.scenario.memory_limit_bytes(cell)
    }

    fn limit_bytes(&self, cell: &Cell) -> Option<u64> {
        self.scenario.limit_bytes(cell)
    }

    fn unavailable(&self, cell: &Cell) -> Option<String> {
        self.scenario.unavailable(cell)
    }

    fn runs_at_a_fraction(&self) -> bool {
        self.scenario.runs_at_a_fraction()
    }

    fn run(&self, cell: &Cell, run: &mut Run) -> Result<(), Failure> {
        self.scenario.run(cell, run)
    }
}
