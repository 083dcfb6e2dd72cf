//! Single tokens of a file that is not in memory, with different advice to the system.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use ng_lab::rng::SplitMix64;
use ng_store::disk::RealFile;
use ng_store::{Access, BlockReader, MapOptions, MmapStore, TokenSink, TokenStore};
use ng_token::Token;

use crate::cold;
use crate::fill::token;
use crate::maps::{create_store, open_store_with};
use crate::scratch::Scratch;
use crate::size::bytes_of;
use crate::{Case, Pace, Ratio, Suite, Work};

/// How many tokens a run looks up, and at most a tenth of all.
const LOOKUPS: usize = 1_000;

/// The share of the speed of plain page reads that `Random` must reach.
const RANDOM_BAR: f64 = 0.8;

/// The suite `lookup`.
pub struct Lookup {
    count: usize,
    path: PathBuf,
    _scratch: Scratch,
}

impl Lookup {
    /// Makes a file of `count` tokens in a new folder within `folder`.
    ///
    /// # Errors
    ///
    /// If there is too little room on the disk.
    pub fn new(count: usize, folder: &Path) -> Result<Self> {
        let scratch = Scratch::with_room(folder, bytes_of(count) as u64)?;
        let path = scratch.file("lookup");
        let mut store = create_store(&path)?;
        store.reserve_exact(count as u64)?;
        store.append_with(count, token)?;
        store.commit()?;
        Ok(Self {
            count,
            path,
            _scratch: scratch,
        })
    }

    /// Returns the cases and their ratios.
    ///
    /// # Errors
    ///
    /// If the file just made cannot be opened.
    pub fn suite(&self) -> Result<Suite<'_>> {
        let cold = |seed| Cold::new(&self.path, self.count, seed);
        let mapped = |name: &str, access, ahead, seed| -> Result<Case<'_>> {
            let cold = cold(seed)?;
            let lookups = cold.positions.len();
            let work = Mapped {
                cold,
                access,
                ahead,
                store: None,
            };
            Ok(Case::new(name, lookups, work))
        };
        let blocks = Blocks {
            cold: cold(4)?,
            reader: BlockReader::open(&self.path)?,
        };
        let pages = Pages {
            cold: cold(5)?,
            file: File::open(&self.path)?,
        };
        let lookups = pages.cold.positions.len();
        Ok(Suite {
            name: "lookup",
            about: format!(
                "{lookups} tokens of {}, at random, none of them in memory",
                self.count
            ),
            cases: vec![
                mapped("map-normal", Access::Normal, false, 1)?,
                mapped("map-random", Access::Random, false, 2)?,
                mapped("map-will-need", Access::Random, true, 3)?,
                Case::new("verified-blocks", lookups, blocks),
                Case::new("page-reads", lookups, pages),
            ],
            ratios: vec![
                Ratio::new("map-random", "map-normal", None),
                Ratio::new("map-will-need", "map-normal", None),
                Ratio::new("map-random", "page-reads", Some(RANDOM_BAR)),
                Ratio::new("map-will-need", "page-reads", None),
                Ratio::new("verified-blocks", "map-random", None),
            ],
            pace: PACE,
        })
    }
}

const PACE: Pace = Pace {
    samples: 10,
    warm_up: Duration::from_millis(100),
    measurement: Duration::from_secs(1),
    round_iterations: 2,
};

/// A file whose pages are dropped from memory before each run, and positions in it.
struct Cold {
    disk: RealFile,
    bytes: u64,
    data_offset: u64,
    path: PathBuf,
    count: usize,
    rng: SplitMix64,
    positions: Vec<usize>,
}

impl Cold {
    fn new(path: &Path, count: usize, seed: u64) -> Result<Self> {
        let info = BlockReader::open(path)?.info();
        Ok(Self {
            disk: RealFile::open(path, false)?,
            bytes: info.length,
            data_offset: info.data_offset,
            path: path.to_owned(),
            count,
            rng: SplitMix64::new(seed),
            positions: vec![0; LOOKUPS.min(count.div_ceil(10))],
        })
    }

    /// Draws new positions, and has the system drop the file, which must not be mapped.
    fn cool(&mut self) -> Result<()> {
        for position in &mut self.positions {
            *position = self.rng.below(self.count as u64) as usize;
        }
        cold::drop_from_memory(&self.disk, self.data_offset, self.bytes)
    }

    fn expected(&self) -> u64 {
        let ids = self.positions.iter().map(|&position| token(position).id());
        ids.map(|id| u64::from(id.raw())).sum()
    }
}

fn id_of(token: &Token) -> u64 {
    u64::from(token.id().raw())
}

/// Looks through a map made with some advice.
struct Mapped {
    cold: Cold,
    access: Access,
    /// Whether all tokens are requested before the first is looked at.
    ahead: bool,
    store: Option<MmapStore>,
}

impl Work for Mapped {
    /// With the store, as pages stay mapped while it lives.
    type Output = (u64, MmapStore);

    fn prepare(&mut self) -> Result<()> {
        self.cold.cool()?;
        let options = MapOptions::new().access(self.access);
        self.store = Some(open_store_with(&self.cold.path, &options)?);
        Ok(())
    }

    fn run(&mut self) -> Result<(u64, MmapStore)> {
        let store = self.store.take().context("it was not opened")?;
        if self.ahead {
            let snapshot = store.snapshot();
            for &position in &self.cold.positions {
                snapshot.advise(position..position + 1, Access::WillNeed)?;
            }
        }
        let tokens = store.tokens();
        let ids = self.cold.positions.iter().map(|&at| id_of(&tokens[at]));
        Ok((ids.sum(), store))
    }

    fn checksum(&self, (sum, _): (u64, MmapStore)) -> Result<u64> {
        Ok(sum)
    }

    fn expected(&self) -> u64 {
        self.cold.expected()
    }
}

/// Reads and verifies the block of each token.
struct Blocks {
    cold: Cold,
    reader: BlockReader,
}

impl Work for Blocks {
    type Output = u64;

    fn prepare(&mut self) -> Result<()> {
        self.cold.cool()
    }

    fn run(&mut self) -> Result<u64> {
        let mut sum = 0;
        for &position in &self.cold.positions {
            sum += self.reader.get(position as u64)?.as_ref().map_or(0, id_of);
        }
        Ok(sum)
    }

    fn checksum(&self, output: u64) -> Result<u64> {
        Ok(output)
    }

    fn expected(&self) -> u64 {
        self.cold.expected()
    }
}

/// Reads the page of each token, one after the other: the disk's limit for one request at a time.
struct Pages {
    cold: Cold,
    file: File,
}

impl Work for Pages {
    type Output = u64;

    fn prepare(&mut self) -> Result<()> {
        self.cold.cool()
    }

    fn run(&mut self) -> Result<u64> {
        const PAGE: u64 = 4096;

        let mut sum = 0;
        let mut page = [0; PAGE as usize];
        for &position in &self.cold.positions {
            let offset = self.cold.data_offset + (position * Token::SIZE) as u64;
            let start = offset - offset % PAGE;
            let read = self.file.read_at(&mut page, start)?;
            let at = (offset - start) as usize;
            ensure!(read >= at + Token::SIZE, "the file ends at {start}");
            let tokens = ng_token::read_unaligned(&page[at..at + Token::SIZE])?;
            sum += tokens.map(|token| id_of(&token)).sum::<u64>();
        }
        Ok(sum)
    }

    fn checksum(&self, output: u64) -> Result<u64> {
        Ok(output)
    }

    fn expected(&self) -> u64 {
        self.cold.expected()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_runs_tiny() {
        for count in [1, 1_000, 9_000] {
            let folder = tempfile::tempdir().unwrap();
            let lookup = Lookup::new(count, folder.path()).unwrap();
            crate::suite::check(lookup.suite().unwrap());
        }
    }
}
