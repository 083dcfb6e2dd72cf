//! Varied tokens, and what queries are asked over.

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

/// What a scenario's variants over records are called.
pub(super) const MEMORY: &str = "memory";
pub(super) const MAPPED: &str = "mapped";
pub(super) const VERIFIED: &str = "verified";

/// Zones are 148 bytes a block, and hashes less; files begin with less than this.
const INDEX_HEAD_BYTES: u64 = 1 << 20;

/// A variant for each number of threads, over files.
pub(super) fn on_each(name: &str, threads: &[usize]) -> impl Iterator<Item = Variant> {
    let variant = Variant::new(name).pages(Pages::Small);
    threads
        .iter()
        .map(move |threads| variant.clone().threads(*threads))
}

/// The variants over records: of a file by each number of threads, in memory by one.
pub(super) fn over_records(threads: &[usize]) -> impl Iterator<Item = Variant> {
    on_each(MAPPED, threads)
        .chain(on_each(VERIFIED, threads))
        .chain([Variant::new(MEMORY)])
}

/// The most disk that an index with `width` bytes of columns a token takes.
pub(super) fn index_bytes_of(count: u64, width: u64) -> u64 {
    count * width + count / 4 + INDEX_HEAD_BYTES
}

/// Creates the file `tokens` with the first `count` varied ones, durable.
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

/// Tokens that are asked, in the way of a variant.
pub(super) struct Asked {
    held: Held,
    pub(super) workers: Workers,
}

enum Held {
    Memory(VecStore),
    Mapped(OwnFile, Snapshot),
    Verified(OwnFile, Snapshot, BlockReader),
    Indexed(Snapshot, Box<Index>),
}

impl Asked {
    /// What a variant over records asks: the first tokens, as many as the cell has.
    pub(super) fn records(run: &Run, cell: &Cell) -> Result<Self, Failure> {
        let held = match cell.variant.name.as_str() {
            MEMORY => Held::Memory(in_memory(cell.items)?),
            name => {
                let file = created(run, cell.items)?;
                let snapshot = file.open()?.snapshot();
                match name {
                    VERIFIED => {
                        let reader = BlockReader::open(file.path())?;
                        Held::Verified(file, snapshot, reader)
                    }
                    _ => Held::Mapped(file, snapshot),
                }
            }
        };
        let workers = workers(cell.variant.threads)?;
        Ok(Self { held, workers })
    }

    /// The tokens of `file` with an index beside it, which is made for that.
    pub(super) fn indexed(
        file: &OwnFile,
        cell: &Cell,
        options: &BuildOptions,
    ) -> Result<Self, Failure> {
        let workers = workers(cell.variant.threads)?;
        let reader = BlockReader::open(file.path())?;
        build(&workers, &reader, options, |_, _| ())?;
        let index = OwnFile::open_index(&reader).ok_or("the index that was built is not there")?;
        let held = Held::Indexed(file.open()?.snapshot(), Box::new(index));
        Ok(Self { held, workers })
    }

    /// A question to all of them.
    pub(super) fn query(&self) -> Result<Query<'_>, Failure> {
        Ok(match &self.held {
            Held::Memory(store) => Query::new(store, &self.workers),
            Held::Mapped(_, snapshot) => Query::new(snapshot, &self.workers),
            Held::Verified(_, _, reader) => Query::new(reader, &self.workers),
            Held::Indexed(snapshot, index) => Query::new(snapshot, &self.workers).index(index)?,
        })
    }

    /// A phase that answers a question; the file is in memory where records are read.
    pub(super) fn phase<'r>(&self, run: &'r mut Run, name: &str, items: u64) -> Phase<'r> {
        let phase = run.phase(name, items);
        match &self.held {
            Held::Mapped(file, _) | Held::Verified(file, ..) => phase.warm(file.path()),
            Held::Memory(_) | Held::Indexed(..) => phase,
        }
    }

    /// What plain loops look at.
    pub(super) fn tokens(&self) -> &[Token] {
        match &self.held {
            Held::Memory(store) => store.tokens(),
            Held::Mapped(_, snapshot)
            | Held::Verified(_, snapshot, _)
            | Held::Indexed(snapshot, _) => snapshot,
        }
    }

    /// How many bytes a pass has to look at that needs `width` bytes of columns a token:
    /// these of full blocks, if there is an index, and records else.
    pub(super) fn bytes_of_pass(&self, blocks_skipped: u64, width: u64) -> u64 {
        let count = self.tokens().len() as u64;
        let skipped = blocks_skipped * ng_store::BLOCK_TOKENS as u64;
        let covered = match &self.held {
            Held::Indexed(_, index) => index.covered_blocks() * ng_store::BLOCK_TOKENS as u64,
            _ => 0,
        };
        (covered - skipped) * width + bytes_of(count - covered)
    }

    /// Proves that the tokens are the `count` first varied ones.
    pub(super) fn prove(&self, run: &mut Run, count: u64) -> Result<(), Failure> {
        prove_varied(run, self.tokens(), count)
    }
}
