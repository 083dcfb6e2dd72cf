//! A raw shared map of a file of tokens and nothing else.

use std::any::Any;
use std::fs::File;
use std::path::Path;
use std::thread;

use anyhow::{Context, Result};
use memmap2::Mmap;
use ng_parallel::Workers;
use ng_token::{Token, try_tokens, try_tokens_mut};

use super::FilePeer;
use crate::maps::{map, map_mut};
use crate::reader::{self, Reader};
use crate::records::{Sum, token};

/// A map, and the usual code around one.
pub(crate) struct Memmap2;

impl FilePeer for Memmap2 {
    fn write(&self, path: &Path, count: usize, workers: &Workers) -> Result<Box<dyn Any>> {
        let mut options = File::options();
        let file = options.read(true).write(true).create_new(true).open(path)?;
        file.set_len((count * Token::SIZE) as u64)?;
        let mut map = map_mut(&file)?;
        store_all(try_tokens_mut(&mut map)?, workers.threads());
        map.flush()?;
        Ok(Box::new((map, file)))
    }

    fn open(&self, path: &Path, _workers: Workers) -> Result<Box<dyn Reader>> {
        let map = map(&File::open(path)?)?;
        Ok(Box::new(Mapped { map }))
    }
}

fn store_all(tokens: &mut [Token], threads: usize) {
    if threads == 1 {
        return store(tokens, 0);
    }
    let part = tokens.len().div_ceil(threads).max(1);
    thread::scope(|scope| {
        for (number, part_tokens) in tokens.chunks_mut(part).enumerate() {
            scope.spawn(move || store(part_tokens, number * part));
        }
    });
}

fn store(tokens: &mut [Token], first: usize) {
    for (index, slot) in tokens.iter_mut().enumerate() {
        *slot = token(first + index);
    }
}

struct Mapped {
    map: Mmap,
}

impl Mapped {
    fn tokens(&self) -> Result<&[Token]> {
        Ok(try_tokens(&self.map)?)
    }
}

impl Reader for Mapped {
    fn len(&self) -> Result<u64> {
        Ok(self.tokens()?.len() as u64)
    }

    fn first(&self) -> Result<Token> {
        self.tokens()?.first().copied().context("no token")
    }

    fn sum_ids(&self) -> Result<u64> {
        Ok(reader::sum_ids(self.tokens()?))
    }

    fn filter(&self) -> Result<Sum> {
        Ok(reader::filter(self.tokens()?))
    }

    fn copy_out(&self, positions: &[usize], out: &mut Vec<Token>) -> Result<()> {
        reader::copy_out(self.tokens()?, positions, out);
        Ok(())
    }
}
