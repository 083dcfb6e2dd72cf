//! Making tokens durable: a new file up to its last sync.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::unix::fs::FileExt;

use memmap2::MmapMut;
use ng_lab::{Cell, Failure, Headline, Limit, Pages, Run, Scenario, Variant};
use ng_parallel::{Workers, ingest};
use ng_store::disk::{Disk, RealFile};
use ng_store::{CreateOptions, MmapStore, TokenSink, TokenStore};
use ng_token::Token;

use crate::own_file::OwnFile;
use crate::proof::{Pieces, prove_tokens};
use crate::scenarios::file::{cache_bytes_of, create, disk_bytes_of};
use crate::scenarios::fill::{bytes_of, token, workers};

/// Tokens of one write: 1 MiB.
const CHUNK_TOKENS: usize = 16_384;

/// Durable creation.
pub(super) struct Persist;

impl Scenario for Persist {
    fn name(&self) -> &'static str {
        "persist"
    }

    fn about(&self) -> &'static str {
        "tokens into a new file until they are durable: raw map, buffered, plain writes with early \
         writeback, and the store with its checksums, alone and by workers (ingest)"
    }

    fn variants(&self, threads: &[usize]) -> Vec<Variant> {
        // The base is the well-known fast way.
        let alone = ["raw-memmap2", "bufwriter", "pwrite-writeback", "store"];
        let alone = alone.map(Variant::new).into_iter();
        let ingest = threads
            .iter()
            .map(|threads| Variant::new("ingest").threads(*threads));
        alone
            .chain(ingest)
            .map(|variant| variant.pages(Pages::Small))
            .collect()
    }

    fn headline(&self) -> Headline {
        Headline::of("create").variant("store")
    }

    fn needs_bytes(&self, cell: &Cell) -> u64 {
        cache_bytes_of(cell.items)
    }

    fn needs_disk_bytes(&self, cell: &Cell) -> u64 {
        disk_bytes_of(cell.items)
    }

    fn run(&self, cell: &Cell, run: &mut Run) -> Result<(), Failure> {
        let file = OwnFile::new(run, "tokens")?;
        let count = cell.items as usize;
        let phase = run.phase("create", cell.items).bounded_by(
            Limit::DurableWrite,
            1,
            bytes_of(cell.items),
        );
        match cell.variant.name.as_str() {
            "raw-memmap2" => drop(phase.time(|| through_a_map(&file, count))?),
            "bufwriter" => phase.time(|| buffered(&file, count))?,
            "pwrite-writeback" => phase.time(|| written_out_at_once(&file, count))?,
            "store" => {
                let store = phase.time(|| create(&file, cell.items))?;
                drop(store);
                return prove_tokens(run, file.open()?.tokens(), cell.items);
            }
            "ingest" => {
                let workers = workers(cell.variant.threads)?;
                let store = phase.time(|| ingested(&file, cell.items, &workers))?;
                drop(store);
                return prove_tokens(run, file.open()?.tokens(), cell.items);
            }
            other => return Err(format!("persist has no variant {other}").into()),
        }
        prove_plain(run, &file, cell.items)
    }
}

/// Workers make and hash, one thread writes.
fn ingested(file: &OwnFile, count: u64, workers: &Workers) -> Result<MmapStore, Failure> {
    let mut store = file.create(&CreateOptions::new())?;
    store.reserve_exact(count)?;
    ingest(workers, &mut store, count as usize, token)?;
    store.commit()?;
    Ok(store)
}

/// A sparse file, stores through its map, and a flush.
fn through_a_map(file: &OwnFile, count: usize) -> Result<MmapMut, Failure> {
    let mut map = file.create_mapped(bytes_of(count as u64))?;
    let tokens = ng_token::try_tokens_mut(&mut map)?;
    for (index, slot) in tokens.iter_mut().enumerate() {
        *slot = token(index);
    }
    map.flush()?;
    Ok(map)
}

/// One write per token into a buffer of 1 MiB, and a sync.
fn buffered(file: &OwnFile, count: usize) -> Result<(), Failure> {
    let capacity = CHUNK_TOKENS * size_of::<Token>();
    let mut writer = BufWriter::with_capacity(capacity, File::create_new(file.path())?);
    for index in 0..count {
        writer.write_all(token(index).as_bytes())?;
    }
    writer.into_inner()?.sync_data()?;
    Ok(())
}

/// What the store does without checksums, preallocation and commit: writes of 1 MiB with
/// immediate writeback, and a sync.
fn written_out_at_once(own: &OwnFile, count: usize) -> Result<(), Failure> {
    let file = File::create_new(own.path())?;
    let disk = RealFile::open(own.path(), true)?;
    let mut chunk = Vec::with_capacity(CHUNK_TOKENS);
    for first in (0..count).step_by(CHUNK_TOKENS) {
        chunk.clear();
        chunk.extend((first..count.min(first + CHUNK_TOKENS)).map(token));
        let (bytes, offset) = (ng_token::as_bytes(&chunk), bytes_of(first as u64));
        file.write_all_at(bytes, offset)?;
        disk.start_writeback(offset, bytes.len() as u64)?;
    }
    Ok(disk.sync()?)
}

/// Proves a file of nothing but tokens.
fn prove_plain(run: &mut Run, file: &OwnFile, count: u64) -> Result<(), Failure> {
    let file = File::open(file.path())?;
    run.prove_equal("bytes", file.metadata()?.len(), bytes_of(count))?;
    let mut pieces = Pieces::default();
    let mut chunk = vec![Token::ZERO; CHUNK_TOKENS];
    for first in (0..count as usize).step_by(CHUNK_TOKENS) {
        let tokens = &mut chunk[..CHUNK_TOKENS.min(count as usize - first)];
        file.read_exact_at(ng_token::as_bytes_mut(tokens), bytes_of(first as u64))?;
        pieces.add(tokens);
    }
    pieces.prove(run, count)
}
