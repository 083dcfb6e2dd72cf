//! A second copy in memory.

use anyhow::{Result, bail};
use ng_lab::{Cell, Failure, Run, Scenario, Variant};

use super::{bytes_of, check, failure, variants, who, workers};
use crate::peers::{ours, vec};
use crate::who::Who;

/// Copying all.
pub(super) struct Clone;

impl Scenario for Clone {
    fn name(&self) -> &'static str {
        "clone"
    }

    fn about(&self) -> &'static str {
        "a second copy in fresh memory"
    }

    fn variants(&self, _threads: &[usize]) -> Vec<Variant> {
        variants(&[Who::Vec, Who::NgVec], &[1])
    }

    fn needs_bytes(&self, cell: &Cell) -> u64 {
        2 * bytes_of(cell)
    }

    fn run(&self, cell: &Cell, run: &mut Run) -> Result<(), Failure> {
        clone(cell, run).map_err(failure)
    }
}

fn clone(cell: &Cell, run: &mut Run) -> Result<()> {
    let count = cell.items as usize;
    let phase = run.phase("clone", cell.items).touches(bytes_of(cell));
    let copy = match who(cell)? {
        Who::Vec => {
            let original = vec::create(count);
            phase.time(|| original.clone())
        }
        Who::NgVec => {
            let original = ours::create(count, workers(cell)?)?;
            phase.time(|| ours::clone(&original))?
        }
        who => bail!("{} keeps nothing in memory", who.name()),
    };
    check(&copy, cell.items)
}
