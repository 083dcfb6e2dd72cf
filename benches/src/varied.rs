//! A file of varied tokens to query.

use std::path::PathBuf;

use anyhow::{Context, Result};
use ng_parallel::{Workers, ingest};
use ng_query::index::{BuildOptions, Index, build};
use ng_query::order::{Order, SortOptions, sort_file};
use ng_query::{Column, Comparison, Filter};
use ng_store::{BlockReader, CreateOptions, Snapshot, TokenSink};
use ng_synth::Synth;
use ng_token::{Axis, Space, Token, as_bytes};

use crate::maps::{create_store, open_index, open_store};
use crate::reads::Lines;

/// Seed of the tokens.
pub(crate) const SEED: u64 = 7;

/// A file of clustered tokens, in the order of their timestamps: mapped, and read.
pub(crate) struct Varied {
    pub(crate) snapshot: Snapshot,
    pub(crate) reader: BlockReader,
}

impl Varied {
    /// Makes a file of `count` tokens.
    pub(crate) fn create(path: PathBuf, count: usize, workers: &Workers) -> Result<Self> {
        let synth = Synth::clustered(SEED);
        let mut store = create_store(&path)?;
        store.reserve_exact(count as u64)?;
        ingest(workers, &mut store, count, |index| {
            synth.token(index as u64)
        })?;
        store.commit()?;
        Self::open(path)
    }

    /// Makes a copy along a curve through the physical space.
    pub(crate) fn sorted(&self, path: PathBuf, workers: &Workers) -> Result<Self> {
        let to = (path.as_path(), CreateOptions::new());
        let order = Order::by_space(Space::Physical);
        let options = SortOptions::new();
        sort_file(workers, &self.reader, to, &order, &options, |_| ())?;
        Self::open(path)
    }

    fn open(path: PathBuf) -> Result<Self> {
        Ok(Self {
            snapshot: open_store(&path)?.snapshot(),
            reader: BlockReader::open(&path)?,
        })
    }

    pub(crate) fn tokens(&self) -> &[Token] {
        &self.snapshot
    }

    /// The token in the middle.
    pub(crate) fn centre(&self) -> Result<Token> {
        let tokens = self.tokens();
        tokens.get(tokens.len() / 2).copied().context("no tokens")
    }

    /// Builds the index of the file, and maps it.
    pub(crate) fn index(&self, workers: &Workers, options: &BuildOptions) -> Result<Index> {
        build(workers, &self.reader, options, |_, _| ())?;
        open_index(&self.reader)
    }

    /// Reads the index of the file into memory.
    pub(crate) fn loaded_index(&self) -> Result<Index> {
        Index::load(&self.reader).context("no index beside the file")
    }

    /// How many tokens are [`heavy`], by a look at each.
    pub(crate) fn heavy_count(&self) -> u64 {
        let tokens = self.tokens().iter();
        tokens.filter(|token| token.weight() > 0.9).count() as u64
    }

    /// The bytes of all tokens.
    pub(crate) fn records(&self) -> Lines<'_> {
        Lines::of([as_bytes(self.tokens())])
    }

    /// The bytes of columns of the index, and of the records that it does not cover.
    pub(crate) fn columns<'a>(&'a self, index: &'a Index, columns: &[Column]) -> Result<Lines<'a>> {
        let blocks = index.covered_blocks();
        let pieces = columns.iter().flat_map(|&column| {
            (0..blocks).map(move |block| {
                let piece = index.column(column, block);
                piece.with_context(|| format!("no {column} of block {block}"))
            })
        });
        let mut parts = pieces.collect::<Result<Vec<_>>>()?;
        let covered = blocks as usize * ng_store::BLOCK_TOKENS;
        parts.push(as_bytes(&self.tokens()[covered..]));
        Ok(Lines::of(parts))
    }
}

/// The tokens that weigh more than 0.9.
pub(crate) fn heavy() -> Result<Filter> {
    Ok(Filter::compare(Column::Weight, Comparison::Greater, 0.9)?)
}

/// The three columns of a space.
pub(crate) fn axes(space: Space) -> [Column; 3] {
    Axis::ALL.map(|axis| Column::Coordinate(space, axis))
}
