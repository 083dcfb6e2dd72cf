//! Tokens counted and summed that satisfy a predicate on two fields.

use anyhow::Result;
use ng_lab::{Cell, Failure, Run, Scenario, Variant};

use super::reading::{READERS, reading_bytes, warm_reader};
use super::{failure, variants};
use crate::records::sum_of_matching;

/// A filter.
pub(super) struct Filter;

impl Scenario for Filter {
    fn name(&self) -> &'static str {
        "filter"
    }

    fn about(&self) -> &'static str {
        "count and sum of the ids where weight and radius match, one in eight"
    }

    fn variants(&self, threads: &[usize]) -> Vec<Variant> {
        variants(&READERS, threads)
    }

    fn needs_bytes(&self, cell: &Cell) -> u64 {
        reading_bytes(cell)
    }

    fn runs_at_a_fraction(&self) -> bool {
        false
    }

    fn run(&self, cell: &Cell, run: &mut Run) -> Result<(), Failure> {
        let reader = warm_reader(cell).map_err(failure)?;
        let phase = run.phase("filter", cell.items);
        let found = phase.time(|| reader.filter()).map_err(failure)?;
        let expected = sum_of_matching(cell.items);
        run.prove_equal("matching", found.count, expected.count)?;
        run.prove_equal("matching_id_sum", found.ids, expected.ids)
    }
}
