//! Varied tokens as sources of queries.

use ng_lab::{Cell, Failure, Pages, Phase, Run, Variant};
use ng_parallel::Workers;
use ng_query::Query;
use ng_query::index::{BuildOptions, Index, build};
use ng_store::{BlockReader, CreateOptions, Snapshot, TokenSink, TokenStore, VecStore};
use ng_synth::Synth;
use ng_token::Token;

use crate::oracle::varied;
use crate::own_file::OwnFile;
use crate::proof::prove_varied;
use crate::scenarios::fill::{bytes_of, reserved, workers};

/// The variants over records.
pub(super) const MEMORY: &str = "memory";
pub(super) const MAPPED: &str = "mapped";
pub(super) const VERIFIED: &str = "verified";

/// Zones take 148 bytes per block, hashes less; the heads of files take less than this.
const INDEX_HEAD_BYTES: u64 = 1 << 20;

/// A variant per number of threads, on files.
pub(super) fn on_each(name: &str, threads: &[usize]) -> impl Iterator<Item = Variant> {
    let variant = Variant::new(name).pages(Pages::Small);
    threads
        .iter()
        .map(move |threads| variant.clone().threads(*threads))
}

/// The variants over records: on files with each number of threads, in memory with one.
pub(super) fn over_records(threads: &[usize]) -> impl Iterator<Item = Variant> {
    on_each(MAPPED, threads)
        .chain(on_each(VERIFIED, threads))
        .chain([Variant::new(MEMORY)])
}

/// The most disk space of an index with `width` bytes of columns per token.
pub(super) fn index_bytes_of(count: u64, width: u64) -> u64 {
    count * width + count / 4 + INDEX_HEAD_BYTES
}

/// Creates the durable file `tokens` with the first `count` varied tokens.
pub(super) fn created(run: &Run, count: u64) -> Result<OwnFile, Failure> {
    let file = OwnFile::new(run, "tokens")?;
    let (synth, mut store) = (varied(), file.create(&CreateOptions::new())?);
    store.reserve_exact(count)?;
    store.append_with(count as usize, |index| token(&synth, index))?;
    store.commit()?;
    Ok(file)
}

/// The first `count` varied tokens on huge pages.
pub(super) fn in_memory(count: u64) -> Result<VecStore, Failure> {
    let (synth, mut store) = (varied(), reserved(count as usize, Pages::Huge)?);
    store.append_with(count as usize, |index| token(&synth, index))?;
    Ok(store)
}

fn token(synth: &Synth, index: usize) -> Token {
    synth.token(index as u64)
}

/// The source of a variant's queries.
pub(super) struct Asked {
    held: Held,
    pub(super) workers: Workers,
}

enum Held {
    Memory(VecStore),
    Mapped(OwnFile, Snapshot),
    Verified(OwnFile, Snapshot, Box<BlockReader>),
    Indexed(Snapshot, Box<Index>),
}

impl Asked {
    /// The source of a variant over records: the cell's first tokens.
    pub(super) fn records(run: &Run, cell: &Cell) -> Result<Self, Failure> {
        let held = match cell.variant.name.as_str() {
            MEMORY => Held::Memory(in_memory(cell.items)?),
            name => {
                let file = created(run, cell.items)?;
                let snapshot = file.open()?.snapshot();
                match name {
                    VERIFIED => {
                        let reader = BlockReader::open(file.path())?;
                        Held::Verified(file, snapshot, Box::new(reader))
                    }
                    _ => Held::Mapped(file, snapshot),
                }
            }
        };
        let workers = workers(cell.variant.threads)?;
        Ok(Self { held, workers })
    }

    /// The tokens of `file`, with an index that is built here.
    pub(super) fn indexed(
        file: &OwnFile,
        cell: &Cell,
        options: &BuildOptions,
    ) -> Result<Self, Failure> {
        let workers = workers(cell.variant.threads)?;
        let reader = BlockReader::open(file.path())?;
        build(&workers, &reader, options, |_, _| ())?;
        let index = OwnFile::open_index(&reader).ok_or("the built index is missing")?;
        let held = Held::Indexed(file.open()?.snapshot(), Box::new(index));
        Ok(Self { held, workers })
    }

    /// A query over all tokens.
    pub(super) fn query(&self) -> Result<Query<'_>, Failure> {
        Ok(match &self.held {
            Held::Memory(store) => Query::new(store, &self.workers),
            Held::Mapped(_, snapshot) => Query::new(snapshot, &self.workers),
            Held::Verified(_, _, reader) => Query::new(&**reader, &self.workers),
            Held::Indexed(snapshot, index) => Query::new(snapshot, &self.workers).index(index)?,
        })
    }

    /// A phase that runs a query; the file is warm if records are read.
    pub(super) fn phase<'r>(&self, run: &'r mut Run, name: &str, items: u64) -> Phase<'r> {
        let phase = run.phase(name, items);
        match &self.held {
            Held::Mapped(file, _) | Held::Verified(file, ..) => phase.warm(file.path()),
            Held::Memory(_) | Held::Indexed(..) => phase,
        }
    }

    /// The tokens for plain loops.
    pub(super) fn tokens(&self) -> &[Token] {
        match &self.held {
            Held::Memory(store) => store.tokens(),
            Held::Mapped(_, snapshot)
            | Held::Verified(_, snapshot, _)
            | Held::Indexed(snapshot, _) => snapshot,
        }
    }

    /// The bytes that a pass with `width` bytes of columns per token must read: columns of
    /// full blocks if there is an index, records otherwise.
    pub(super) fn bytes_of_pass(&self, blocks_skipped: u64, width: u64) -> u64 {
        let count = self.tokens().len() as u64;
        let skipped = blocks_skipped * ng_store::BLOCK_TOKENS as u64;
        let covered = match &self.held {
            Held::Indexed(_, index) => index.covered_blocks() * ng_store::BLOCK_TOKENS as u64,
            _ => 0,
        };
        (covered - skipped) * width + bytes_of(count - covered)
    }

    /// Proves that the tokens are the first `count` varied ones.
    pub(super) fn prove(&self, run: &mut Run, count: u64) -> Result<(), Failure> {
        prove_varied(run, self.tokens(), count)
    }
}
