//! Our own stores.

use std::any::Any;
use std::path::Path;

use anyhow::{Context, Result};
use ng_parallel::{Workers, fill, gather, ingest, map_reduce};
use ng_store::{TokenSink, TokenStore, VecStore};
use ng_token::Token;

use super::FilePeer;
use crate::maps::{create_store, open_store};
use crate::reader::{self, Reader};
use crate::records::{Sum, token};

/// A store, read by workers.
pub(crate) struct Ours<S> {
    store: S,
    workers: Workers,
    /// Whether its tokens are read by plain loops, like those of any slice.
    by_plain_loops: bool,
}

impl<S> Ours<S> {
    /// Lets the tokens be read like those of any slice.
    pub(crate) fn read_by_plain_loops(&mut self) {
        self.by_plain_loops = true;
    }
}

/// Fills a new store in memory.
pub(crate) fn create(count: usize, workers: Workers) -> Result<Ours<VecStore>> {
    let mut store = VecStore::try_with_capacity(count)?;
    fill(&workers, &mut store, count, token)?;
    Ok(Ours {
        store,
        workers,
        by_plain_loops: false,
    })
}

/// Copies the store, on the calling thread.
pub(crate) fn clone(original: &Ours<VecStore>) -> Result<Vec<Token>> {
    Ok(original.store.try_clone()?.into_vec())
}

/// The store in a file.
pub(crate) struct NgMmap;

impl FilePeer for NgMmap {
    fn write(&self, path: &Path, count: usize, workers: &Workers) -> Result<Box<dyn Any>> {
        let mut store = create_store(path)?;
        store.reserve_exact(count as u64)?;
        ingest(workers, &mut store, count, token)?;
        store.commit()?;
        Ok(Box::new(store))
    }

    fn open(&self, path: &Path, workers: Workers) -> Result<Box<dyn Reader>> {
        let store = open_store(path)?;
        Ok(Box::new(Ours {
            store,
            workers,
            by_plain_loops: false,
        }))
    }
}

impl<S: TokenStore> Reader for Ours<S> {
    fn len(&self) -> Result<u64> {
        Ok(self.store.len() as u64)
    }

    fn first(&self) -> Result<Token> {
        self.store.get(0).copied().context("no token")
    }

    fn sum_ids(&self) -> Result<u64> {
        let tokens = self.store.tokens();
        if self.by_plain_loops {
            return Ok(reader::sum_ids(tokens));
        }
        let sum = map_reduce(
            &self.workers,
            tokens,
            |_, shard| reader::sum_ids(shard),
            u64::wrapping_add,
        )?;
        Ok(sum.unwrap_or(0))
    }

    fn filter(&self) -> Result<Sum> {
        let tokens = self.store.tokens();
        let sum = map_reduce(
            &self.workers,
            tokens,
            |_, shard| reader::filter(shard),
            Sum::plus,
        )?;
        Ok(sum.unwrap_or_default())
    }

    fn copy_out(&self, positions: &[usize], out: &mut Vec<Token>) -> Result<()> {
        Ok(gather(&self.workers, self.store.tokens(), positions, out)?)
    }
}
