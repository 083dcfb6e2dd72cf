//! An existing file, opened.

use anyhow::{Result, ensure};
use ng_lab::{Cell, Failure, Run, Scenario, Variant};

use super::{failure, kept, variants, who, workers};
use crate::peers::file_peer;
use crate::records::token;
use crate::who::Who;

/// Opening.
pub(super) struct Reopen;

impl Scenario for Reopen {
    fn name(&self) -> &'static str {
        "reopen"
    }

    fn about(&self) -> &'static str {
        "a file opened until its first token is read and its length known"
    }

    fn variants(&self, _threads: &[usize]) -> Vec<Variant> {
        let everybody = [
            Who::NgMmap,
            Who::Memmap2,
            Who::Redb,
            Who::Lmdb,
            Who::ArrowIpc,
        ];
        variants(&everybody, &[1])
    }

    fn needs_bytes(&self, _cell: &Cell) -> u64 {
        1 << 20
    }

    fn runs_at_a_fraction(&self) -> bool {
        false
    }

    fn run(&self, cell: &Cell, run: &mut Run) -> Result<(), Failure> {
        reopen(cell, run).map_err(failure)
    }
}

fn reopen(cell: &Cell, run: &mut Run) -> Result<()> {
    let (who, workers) = (who(cell)?, workers(cell)?);
    let (peer, path) = (file_peer(who)?, kept(who));
    let (first, len, _open) = run.phase("reopen", 1).constant().time(|| {
        let open = peer.open(&path, workers)?;
        anyhow::Ok((open.first()?, open.len()?, open))
    })?;
    ensure!(len == cell.items, "{len} tokens, expected {}", cell.items);
    ensure!(
        first == token(0),
        "first is {first:?}, expected {:?}",
        token(0)
    );
    Ok(())
}
