//! Tokens made in memory.

use anyhow::{Result, bail};
use ng_lab::{Cell, Failure, Run, Scenario, Variant};

use super::{bytes_of, check, failure, variants, who, workers};
use crate::peers::{ours, vec};
use crate::reader::Reader;
use crate::who::Who;

/// Creation in memory.
pub(super) struct Create;

impl Scenario for Create {
    fn name(&self) -> &'static str {
        "create"
    }

    fn about(&self) -> &'static str {
        "tokens made in fresh memory"
    }

    fn variants(&self, threads: &[usize]) -> Vec<Variant> {
        variants(&[Who::Vec, Who::NgVec], threads)
    }

    fn needs_bytes(&self, cell: &Cell) -> u64 {
        bytes_of(cell)
    }

    fn run(&self, cell: &Cell, run: &mut Run) -> Result<(), Failure> {
        create(cell, run).map_err(failure)
    }
}

fn create(cell: &Cell, run: &mut Run) -> Result<()> {
    let (count, workers) = (cell.items as usize, workers(cell)?);
    let phase = run.phase("create", cell.items).touches(bytes_of(cell));
    let created: Box<dyn Reader> = match who(cell)? {
        Who::Vec => Box::new(phase.time(|| vec::create(count))),
        Who::NgVec => Box::new(phase.time(|| ours::create(count, workers))?),
        who => bail!("{} keeps nothing in memory", who.name()),
    };
    check(&*created, cell.items)
}
