//! The integrity of all content.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::{Result, bail, ensure};
use ng_lab::{Cell, Failure, Run, Scenario, Variant};
use ng_store::{BlockReader, TokenStore};

use super::{bytes_of, failure, kept, variants, who, workers};
use crate::maps::open_store;
use crate::peers::redb;
use crate::reader;
use crate::records::sum_of_all;
use crate::who::Who;

/// How much a plain read takes at once: as much as one of our blocks.
const READ_BYTES: usize = 256 << 10;

/// Verification, for the stores that have something to verify against.
pub(super) struct Verify;

impl Scenario for Verify {
    fn name(&self) -> &'static str {
        "verify"
    }

    fn about(&self) -> &'static str {
        "every byte of the content checked; full-read and map-read only read them"
    }

    fn variants(&self, threads: &[usize]) -> Vec<Variant> {
        variants(
            &[Who::NgMmap, Who::Redb, Who::FullRead, Who::MapRead],
            threads,
        )
    }

    fn needs_bytes(&self, cell: &Cell) -> u64 {
        match Who::named(&cell.variant.name) {
            Some(Who::Redb) => 2 * bytes_of(cell),
            _ => 1 << 20,
        }
    }

    fn runs_at_a_fraction(&self) -> bool {
        false
    }

    fn run(&self, cell: &Cell, run: &mut Run) -> Result<(), Failure> {
        verify(cell, run).map_err(failure)
    }
}

fn verify(cell: &Cell, run: &mut Run) -> Result<()> {
    let workers = workers(cell)?;
    let phase = run.phase("verify", cell.items);
    match who(cell)? {
        Who::NgMmap => {
            let store = open_store(&kept(Who::NgMmap))?;
            // As for the reading works: the pages are mapped before.
            let all = reader::sum_ids(store.tokens());
            ensure!(all == sum_of_all(cell.items).ids, "{all}, another sum");
            let report = phase.time(|| ng_parallel::verify(&workers, &store.mapped_blocks()))?;
            ensure!(report.is_clean(), "{report:?}");
            let blocks = cell.items.div_ceil(ng_store::BLOCK_TOKENS as u64);
            ensure!(
                report.blocks == blocks,
                "{} blocks, expected {blocks}",
                report.blocks
            );
        }
        Who::Redb => {
            let mut database = redb::open_to_check(&kept(Who::Redb))?;
            phase.time(|| redb::check(&mut database))?;
        }
        Who::MapRead => {
            let store = open_store(&kept(Who::NgMmap))?;
            let words: &[u64] = bytemuck::cast_slice(store.tokens());
            let sum = |words: &[u64]| words.iter().fold(0, |sum, word| sum ^ word);
            let before = sum(words);
            let again = phase.time(|| sum(words));
            ensure!(again == before, "{again:#x}, and {before:#x} before");
        }
        Who::FullRead => {
            let (file, start) = tokens_of(&kept(Who::NgMmap))?;
            let mut buffer = vec![0; READ_BYTES];
            let read = phase.time(|| read_all(&file, start, bytes_of(cell), &mut buffer))?;
            ensure!(
                read == bytes_of(cell),
                "{read} bytes, expected {}",
                bytes_of(cell)
            );
        }
        who => bail!("{} has nothing to verify", who.name()),
    }
    Ok(())
}

/// The file, and where its tokens begin.
fn tokens_of(path: &Path) -> Result<(File, u64)> {
    let start = BlockReader::open(path)?.info().data_offset;
    Ok((File::open(path)?, start))
}

/// Reads up to `bytes` from `start` on, piece by piece into `buffer`, and returns how many there
/// were.
fn read_all(file: &File, start: u64, bytes: u64, buffer: &mut [u8]) -> Result<u64> {
    let mut done = 0;
    while done < bytes {
        let wanted = (bytes - done).min(buffer.len() as u64) as usize;
        match file.read_at(&mut buffer[..wanted], start + done)? {
            0 => break,
            count => done += count as u64,
        }
    }
    Ok(done)
}
