use std::path::{Path, PathBuf};

use anyhow::Result;
use memmap2::MmapMut;
use ng_lab::{Pages, touch_and_free};
use ng_parallel::Workers;
use ng_store::disk::{Disk, RealFile};
use ng_store::{MmapStore, TokenStore};
use ng_token::{Token, try_tokens};

use crate::Work;
use crate::scan::{id_sum, sum_ids};
use crate::scratch::remove_for_good;
use crate::size::bytes_of;

/// Writes a new file and makes it durable.
pub(super) struct Durable<F> {
    path: PathBuf,
    count: usize,
    threads: usize,
    write: F,
}

impl<F> Durable<F> {
    /// `write` creates the file at `path` and writes `count` tokens; `team` is the largest of the
    /// suite.
    pub(super) fn new(path: PathBuf, count: usize, team: &Workers, write: F) -> Self {
        Self {
            path,
            count,
            threads: team.threads(),
            write,
        }
    }
}

impl<R: Readable, F: Fn(&Path, usize) -> Result<R>> Work for Durable<F> {
    type Output = R;

    /// Durably removes the last file, and has the host provide the memory for the pages of the next
    /// one. The same for every case.
    fn prepare(&mut self) -> Result<()> {
        remove_for_good(&self.path)?;
        touch_and_free(bytes_of(self.count), Pages::Huge, self.threads)?;
        Ok(())
    }

    fn run(&mut self) -> Result<R> {
        (self.write)(&self.path, self.count)
    }

    fn checksum(&self, output: R) -> Result<u64> {
        output.id_sum(self.count)
    }

    fn expected(&self) -> u64 {
        id_sum(self.count)
    }
}

/// What was written, to be read again.
pub(super) trait Readable {
    /// Sums the ids of the `count` tokens in it.
    fn id_sum(&self, count: usize) -> Result<u64>;
}

impl Readable for MmapStore {
    fn id_sum(&self, _count: usize) -> Result<u64> {
        Ok(sum_ids(self.tokens()))
    }
}

impl Readable for MmapMut {
    fn id_sum(&self, _count: usize) -> Result<u64> {
        Ok(sum_ids(try_tokens(self)?))
    }
}

/// Tokens from the first byte on.
impl Readable for RealFile {
    fn id_sum(&self, count: usize) -> Result<u64> {
        let mut tokens = vec![Token::ZERO; 1 << 14];
        let (mut sum, mut offset) = (0, 0);
        let end = bytes_of(count) as u64;
        while offset < end {
            let bytes = ng_token::as_bytes_mut(&mut tokens);
            let most = bytes.len().min((end - offset) as usize);
            let read = self.read_at(&mut bytes[..most], offset)?;
            anyhow::ensure!(
                read > 0 && read % Token::SIZE == 0,
                "a read of {read} bytes"
            );
            sum += sum_ids(&tokens[..read / Token::SIZE]);
            offset += read as u64;
        }
        Ok(sum)
    }
}
