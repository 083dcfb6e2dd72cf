//! Existing token files: opened, scanned, read at random and verified, beside the same through a
//! raw map and plain reads; and one that is read while it is written.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, ensure};
use memmap2::Mmap;
use ng_store::disk::{Disk, RealFile};
use ng_store::{
    BLOCK_TOKENS, BlockReader, MmapStore, TokenSink, TokenStore, VerifyBlocks, VerifyReport,
};
use ng_token::{Token, try_tokens};

use crate::fill::token;
use crate::follow::{COMMITS, Follow, Refresh};
use crate::gather::read_case;
use crate::maps::{create_store, map, open_store};
use crate::scan::{Sum, sum_ids};
use crate::scratch::Scratch;
use crate::size::{bytes_of, ensure_memory};
use crate::{Case, Pace, Ratio, Suite, Work};

/// The share of a raw mapped slice's speed that a store's must reach.
const RAW_BAR: f64 = 0.95;
/// The share of a plain read's speed that verification must reach.
const VERIFY_BAR: f64 = 0.8;

/// How many bytes a plain read takes: a block's.
const READ_BYTES: usize = 256 << 10;

/// The suite `mapped`.
pub struct Mapped {
    count: usize,
    path: PathBuf,
    store: MmapStore,
    raw: Mmap,
    opened: [Opened; 3],
    scratch: Scratch,
}

impl Mapped {
    /// Makes a file of `count` tokens in a new folder within `folder`, and one of a tenth and one
    /// of ten times as many to be opened.
    ///
    /// # Errors
    ///
    /// If there is too little room on the disk, or in memory for the page cache.
    pub fn new(count: usize, folder: &Path) -> Result<Self> {
        ensure_memory(bytes_of(count))?;
        let sizes = [
            ("open-tenfold", count * 10),
            ("open-tenth", count.div_ceil(10)),
            ("open", count),
        ];
        let total: usize = sizes.iter().map(|(_, count)| count).sum();
        let scratch = Scratch::with_room(folder, bytes_of(total) as u64)?;
        let opened = sizes.map(|(name, count)| Opened {
            name,
            count,
            path: scratch.file(name),
        });
        // The file to read comes last, so that it is in the page cache.
        for file in &opened {
            make(&file.path, file.count)?;
        }
        let path = opened[2].path.clone();
        let store = open_store(&path)?;
        let raw = map(
            &File::open(&path)?,
            store.info().data_offset,
            bytes_of(count),
        )?;
        Ok(Self {
            count,
            path,
            store,
            raw,
            opened,
            scratch,
        })
    }

    /// Returns the cases and their ratios.
    ///
    /// # Errors
    ///
    /// If the file just made cannot be opened.
    pub fn suite(&self) -> Result<Suite<'_>> {
        let raw = try_tokens(&self.raw)?;
        let store = self.store.tokens();
        let mut cases: Vec<Case<'_>> = self.opened.iter().map(open_case).collect();
        cases.extend([
            scan_case("scan-store", store),
            scan_case("scan-raw", raw),
            read_case("read-store", store, 1),
            read_case("read-raw", raw, 2),
            Case::new("verify", self.count, Verify::read(&self.path)?),
            Case::new("verify-mapped", self.count, Verify::mapped(&self.store)),
            Case::new("plain-read", self.count, PlainRead::new(&self.path)?),
            self.follow_case("commit-alone", None)?,
            self.follow_case("commit-refreshed", Some(MmapStore::refresh))?,
            self.follow_case(
                "commit-refreshed-unsynced",
                Some(MmapStore::refresh_unsynced),
            )?,
        ]);
        Ok(Suite {
            name: "mapped",
            about: format!("a file of {} tokens, in the page cache", self.count),
            cases,
            ratios: Self::ratios(),
            pace: PACE,
        })
    }

    /// One "token" of this case is one commit.
    fn follow_case(&self, name: &str, refresh: Option<Refresh>) -> Result<Case<'_>> {
        let follow = Follow::new(&self.scratch.file(name), refresh)?;
        Ok(Case::new(name, COMMITS, follow))
    }

    /// Opening must not depend on the size, so it is compared with itself.
    fn ratios() -> Vec<Ratio> {
        vec![
            Ratio::new("open", "open-tenth", None),
            Ratio::new("open-tenfold", "open-tenth", None),
            Ratio::new("scan-store", "scan-raw", Some(RAW_BAR)),
            Ratio::new("read-store", "read-raw", Some(RAW_BAR)),
            Ratio::new("verify", "plain-read", Some(VERIFY_BAR)),
            Ratio::new("verify-mapped", "plain-read", Some(VERIFY_BAR)),
            Ratio::new("commit-refreshed", "commit-alone", None),
            Ratio::new("commit-refreshed-unsynced", "commit-alone", None),
        ]
    }
}

const PACE: Pace = Pace {
    samples: 20,
    warm_up: Duration::from_millis(100),
    measurement: Duration::from_secs(1),
    round_iterations: 2,
};

fn make(path: &Path, count: usize) -> Result<()> {
    let mut store = create_store(path)?;
    store.reserve_exact(count as u64)?;
    store.append_with(count, token)?;
    Ok(store.commit()?)
}

/// One "token" of this case is one opening.
fn open_case(file: &Opened) -> Case<'_> {
    Case::new(file.name, 1, Open { file })
}

fn scan_case<'a>(name: &str, tokens: &'a [Token]) -> Case<'a> {
    let sum = |tokens: &[Token]| Ok(sum_ids(tokens));
    Case::new(name, tokens.len(), Sum { tokens, sum })
}

/// A file to open.
struct Opened {
    name: &'static str,
    count: usize,
    path: PathBuf,
}

/// Opens a store and reads its last token.
struct Open<'a> {
    file: &'a Opened,
}

impl Work for Open<'_> {
    type Output = MmapStore;

    fn run(&mut self) -> Result<MmapStore> {
        open_store(&self.file.path)
    }

    fn checksum(&self, output: MmapStore) -> Result<u64> {
        let last = output.tokens().last();
        Ok(last.map_or(u64::MAX, |last| u64::from(last.id().raw())))
    }

    fn expected(&self) -> u64 {
        self.file.count as u64 - 1
    }
}

/// Checks every block on the calling thread.
struct Verify<F> {
    blocks: u64,
    verify: F,
}

impl Verify<()> {
    /// By positioned reads.
    fn read(path: &Path) -> Result<Verify<impl Fn() -> Result<VerifyReport>>> {
        let reader = BlockReader::open(path)?;
        Ok(Verify {
            blocks: reader.block_count(),
            verify: move || Ok(reader.verify()?),
        })
    }

    /// Through the map.
    fn mapped(store: &MmapStore) -> Verify<impl Fn() -> Result<VerifyReport>> {
        Verify {
            blocks: store.len().div_ceil(BLOCK_TOKENS) as u64,
            verify: || Ok(store.mapped_blocks().verify()?),
        }
    }
}

impl<F: Fn() -> Result<VerifyReport>> Work for Verify<F> {
    type Output = u64;

    fn run(&mut self) -> Result<u64> {
        let report = (self.verify)()?;
        ensure!(report.is_clean(), "{report:?}");
        Ok(report.blocks)
    }

    fn checksum(&self, output: u64) -> Result<u64> {
        Ok(output)
    }

    fn expected(&self) -> u64 {
        self.blocks
    }
}

/// Reads the bytes of the tokens into one buffer, and does nothing with them.
struct PlainRead {
    disk: RealFile,
    start: u64,
    end: u64,
    buffer: Vec<u8>,
}

impl PlainRead {
    fn new(path: &Path) -> Result<Self> {
        let info = BlockReader::open(path)?.info();
        Ok(Self {
            disk: RealFile::open(path, false)?,
            start: info.data_offset,
            end: info.data_offset + bytes_of(info.tokens as usize) as u64,
            buffer: vec![0; READ_BYTES],
        })
    }
}

impl Work for PlainRead {
    type Output = u64;

    fn run(&mut self) -> Result<u64> {
        let mut offset = self.start;
        while offset < self.end {
            let wanted = (self.end - offset).min(READ_BYTES as u64) as usize;
            let count = self.disk.read_at(&mut self.buffer[..wanted], offset)?;
            ensure!(count > 0, "the file ends at byte {offset}");
            offset += count as u64;
        }
        Ok(offset)
    }

    fn checksum(&self, output: u64) -> Result<u64> {
        Ok(output)
    }

    fn expected(&self) -> u64 {
        self.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_runs_tiny() {
        for count in [1, 1_000, 9_000] {
            let folder = tempfile::tempdir().unwrap();
            let mapped = Mapped::new(count, folder.path()).unwrap();
            crate::suite::check(mapped.suite().unwrap());
        }
    }
}
