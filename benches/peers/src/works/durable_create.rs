//! Tokens made, written to a new file, and synced.

use std::fs::File;
use std::path::Path;

use anyhow::Result;
use ng_lab::{Cell, Failure, Run, Scenario, Variant};

use super::{NEW, bytes_of, check, failure, variant, who, workers};
use crate::peers::file_peer;
use crate::who::Who;

/// Creation on the disk.
pub(super) struct DurableCreate;

impl Scenario for DurableCreate {
    fn name(&self) -> &'static str {
        "durable_create"
    }

    fn about(&self) -> &'static str {
        "tokens made, on the disk and synced when the clock stops"
    }

    /// Threads make tokens for stores that accept them from more than one.
    fn variants(&self, threads: &[usize]) -> Vec<Variant> {
        let parallel = |who| threads.iter().map(move |threads| variant(who, *threads));
        let others = [
            Who::BufWriter,
            Who::Redb,
            Who::RedbInsert,
            Who::Lmdb,
            Who::LmdbWriteMap,
            Who::ArrowIpc,
        ];
        parallel(Who::NgMmap)
            .chain(parallel(Who::Memmap2))
            .chain(others.map(|who| variant(who, 1)))
            .collect()
    }

    /// The page cache of the file, and twice as much for the pages that a database gathers before
    /// it writes them.
    fn needs_bytes(&self, cell: &Cell) -> u64 {
        let slow = Who::named(&cell.variant.name).is_some_and(Who::is_slow);
        bytes_of(cell) * if slow { 3 } else { 1 }
    }

    fn runs_at_a_fraction(&self) -> bool {
        false
    }

    fn run(&self, cell: &Cell, run: &mut Run) -> Result<(), Failure> {
        durable_create(cell, run).map_err(failure)
    }
}

/// The name is synced for every store alike: one that leaves that to its caller would have less to
/// do.
fn durable_create(cell: &Cell, run: &mut Run) -> Result<()> {
    let (who, workers) = (who(cell)?, workers(cell)?);
    let peer = file_peer(who)?;
    let folder = Path::new(NEW);
    let path = folder.join(who.name());
    let open = run.phase("durable_create", cell.items).time(|| {
        let open = peer.write(&path, cell.items as usize, &workers)?;
        File::open(folder)?.sync_all()?;
        anyhow::Ok(open)
    })?;
    drop(open);
    check(&*peer.open(&path, workers)?, cell.items)
}
