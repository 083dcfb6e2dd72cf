//! All ids summed.

use anyhow::Result;
use ng_lab::{Cell, Failure, Run, Scenario, Variant};

use super::reading::{READERS, reading_bytes, warm_reader};
use super::{failure, variant, variants};
use crate::records::sum_of_all;
use crate::who::Who;

/// A scan of one field.
pub(super) struct Scan;

impl Scenario for Scan {
    fn name(&self) -> &'static str {
        "scan"
    }

    fn about(&self) -> &'static str {
        "the sum of all ids"
    }

    fn variants(&self, threads: &[usize]) -> Vec<Variant> {
        let mut all = variants(&READERS, threads);
        all.push(variant(Who::RawLoop, 1));
        all
    }

    fn needs_bytes(&self, cell: &Cell) -> u64 {
        reading_bytes(cell)
    }

    fn runs_at_a_fraction(&self) -> bool {
        false
    }

    fn run(&self, cell: &Cell, run: &mut Run) -> Result<(), Failure> {
        let reader = warm_reader(cell).map_err(failure)?;
        let phase = run.phase("scan", cell.items);
        let sum = phase.time(|| reader.sum_ids()).map_err(failure)?;
        run.prove_equal("id_sum", sum, sum_of_all(cell.items).ids)
    }
}
