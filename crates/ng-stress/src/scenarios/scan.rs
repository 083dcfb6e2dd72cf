//! Summing the ids of a token file in order: mapped or verified, warm or cold.

use std::io;

use ng_lab::{Cell, Failure, Headline, Limit, Pages, Phase, Run, Scenario, Variant};
use ng_parallel::{map_reduce, verify};
use ng_store::{BlockReader, MmapStore, ReadError, TokenStore};

use crate::oracle::id_sum;
use crate::own_file::OwnFile;
use crate::proof::{prove_tokens, sum_ids};
use crate::scenarios::file::{created, disk_bytes_of};
use crate::scenarios::fill::{bytes_of, workers};

/// Tokens populated before they are summed: 8 MiB.
const WINDOW_TOKENS: usize = 131_072;

/// Sequential reading.
pub(super) struct Scan;

impl Scenario for Scan {
    fn name(&self) -> &'static str {
        "scan"
    }

    fn about(&self) -> &'static str {
        "ids of a token file in order: through its map or block by block and verified, in memory \
         or only on the disk; and on every number of threads, summed and verified"
    }

    fn variants(&self, threads: &[usize]) -> Vec<Variant> {
        let alone = [
            "warm",
            "warm-verified",
            "cold",
            "cold-populated",
            "cold-verified",
        ];
        let by_workers = |name| {
            let threads = threads.iter();
            threads.map(move |threads| Variant::new(name).threads(*threads))
        };
        let alone = alone.map(Variant::new).into_iter();
        alone
            .chain(by_workers("by-workers"))
            .chain(by_workers("verify"))
            .map(|variant| variant.pages(Pages::Small))
            .collect()
    }

    fn headline(&self) -> Headline {
        Headline::of("scan").variant("cold-verified")
    }

    /// The whole file in the page cache.
    fn needs_bytes(&self, cell: &Cell) -> u64 {
        bytes_of(cell.items)
    }

    fn needs_disk_bytes(&self, cell: &Cell) -> u64 {
        disk_bytes_of(cell.items)
    }

    fn run(&self, cell: &Cell, run: &mut Run) -> Result<(), Failure> {
        let file = created(run, cell.items)?;
        let sum = match cell.variant.name.as_str() {
            "warm" => return mapped_twice(run, &file, cell.items),
            "warm-verified" => warm(run, &file, cell.items).time(|| verified(&file))?,
            "cold" => opened(cold(run, &file, cell.items), &file, sum_ids_of)?,
            "cold-populated" => opened(cold(run, &file, cell.items), &file, sum_ids_populated)?,
            "cold-verified" => cold(run, &file, cell.items).time(|| verified(&file))?,
            "by-workers" => return by_workers(run, &file, cell),
            "verify" => return verified_by_workers(run, &file, cell),
            other => return Err(format!("scan has no variant {other}").into()),
        };
        prove(run, &file, sum, cell.items)
    }
}

fn prove(run: &mut Run, file: &OwnFile, sum: u64, count: u64) -> Result<(), Failure> {
    run.prove_equal("scan_sum", sum, id_sum(count))?;
    prove_tokens(run, file.open()?.tokens(), count)
}

fn warm<'r>(run: &'r mut Run, file: &OwnFile, count: u64) -> Phase<'r> {
    let phase = run.phase("scan", count).warm(file.path());
    phase.bounded_by(Limit::Read, 1, bytes_of(count))
}

fn cold<'r>(run: &'r mut Run, file: &OwnFile, count: u64) -> Phase<'r> {
    let phase = run.phase("scan", count).cold(file.path());
    phase.bounded_by(Limit::ColdRead, 1, bytes_of(count))
}

/// Scans a fresh map, whose pages are not yet in the page table, and once more when they
/// are.
fn mapped_twice(run: &mut Run, file: &OwnFile, count: u64) -> Result<(), Failure> {
    let store = file.open()?;
    let sum = warm(run, file, count).time(|| sum_ids(store.tokens()));
    let again = run
        .phase("again", count)
        .warm(file.path())
        .bounded_by(Limit::Read, 1, bytes_of(count))
        .time(|| sum_ids(store.tokens()));
    run.prove_equal("again_sum", again, sum)?;
    // The proof has its own map: both would count.
    drop(store);
    prove(run, file, sum, count)
}

/// Sums mapped pages on several threads.
fn by_workers(run: &mut Run, file: &OwnFile, cell: &Cell) -> Result<(), Failure> {
    let (store, workers) = (file.open()?, workers(cell.variant.threads)?);
    let before = sum_ids(store.tokens());
    let phase = on_threads(run, file, cell, "scan");
    let sum = phase.time(|| {
        let tokens = store.tokens();
        map_reduce(
            &workers,
            tokens,
            |_, tokens| sum_ids(tokens),
            u64::wrapping_add,
        )
    })?;
    run.prove_equal("before_sum", before, id_sum(cell.items))?;
    drop(store);
    prove(run, file, sum.unwrap_or(0), cell.items)
}

/// Verifies every block through a map whose pages are in the page table.
fn verified_by_workers(run: &mut Run, file: &OwnFile, cell: &Cell) -> Result<(), Failure> {
    let (store, workers) = (file.open()?, workers(cell.variant.threads)?);
    let sum = sum_ids(store.tokens());
    let phase = on_threads(run, file, cell, "verify");
    let report = phase.time(|| verify(&workers, &store.mapped_blocks()))?;
    run.prove_equal("bad_blocks", report.bad.len() as u64, 0)?;
    run.prove_equal("table_matches", u64::from(report.table_matches), 1)?;
    drop(store);
    prove(run, file, sum, cell.items)
}

fn on_threads<'r>(run: &'r mut Run, file: &OwnFile, cell: &Cell, name: &str) -> Phase<'r> {
    let phase = run.phase(name, cell.items).warm(file.path());
    phase.bounded_by(Limit::Read, cell.variant.threads, bytes_of(cell.items))
}

/// Opens and sums, both timed: an existing map would keep pages in memory.
fn opened(
    phase: Phase<'_>,
    file: &OwnFile,
    sum: impl FnOnce(&MmapStore) -> io::Result<u64>,
) -> Result<u64, Failure> {
    let (sum, _store) = phase.time(|| -> Result<_, Failure> {
        let store = file.open()?;
        Ok((sum(&store)?, store))
    })?;
    Ok(sum)
}

fn sum_ids_of(store: &MmapStore) -> io::Result<u64> {
    Ok(sum_ids(store.tokens()))
}

/// Populates each window before summing it.
fn sum_ids_populated(store: &MmapStore) -> io::Result<u64> {
    let snapshot = store.snapshot();
    let mut sum = 0u64;
    for start in (0..snapshot.len()).step_by(WINDOW_TOKENS) {
        let window = start..(start + WINDOW_TOKENS).min(snapshot.len());
        snapshot.populate(window.clone())?;
        sum = sum.wrapping_add(sum_ids(&snapshot[window]));
    }
    Ok(sum)
}

/// Reads and verifies every block.
fn verified(file: &OwnFile) -> Result<u64, Failure> {
    let reader = BlockReader::open(file.path())?;
    let mut sum = 0u64;
    reader.for_each(0..reader.len(), |tokens| -> Result<(), ReadError> {
        sum = sum.wrapping_add(sum_ids(tokens));
        Ok(())
    })?;
    Ok(sum)
}
