//! Tokens made and put on the disk: a store, a raw map, and plain writes.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use ng_lab::{Pages, touch_and_free};
use ng_store::disk::{Dir, Disk, RealDir};
use ng_store::{TokenSink, TokenStore};
use ng_token::{Token, as_bytes, try_tokens, try_tokens_mut};

use crate::fill::token;
use crate::maps::{create_store, map, map_mut};
use crate::scan::{id_sum, sum_ids};
use crate::scratch::Scratch;
use crate::size::{bytes_of, ensure_memory};
use crate::{Case, Pace, Ratio, Suite, Work};

/// How many times as fast a store must be as stores through a raw sparse map.
const RAW_MAP_BAR: f64 = 1.7;
/// The share of the speed of plain writes with early writeback, without a hash
/// or a header, that a store must reach.
const LIMIT_BAR: f64 = 0.92;

/// How many tokens a plain write takes: 1 MiB.
const WRITE_TOKENS: usize = (1 << 20) / Token::SIZE;

/// The suite `persist`.
pub struct Persist {
    count: usize,
    scratch: Scratch,
}

impl Persist {
    /// Plans `count` tokens in a file.
    ///
    /// # Errors
    ///
    /// There is no such room on the disk, or in memory for its page cache.
    pub fn new(count: usize) -> Result<Self> {
        ensure_memory(bytes_of(count))?;
        let scratch = Scratch::with_room(bytes_of(count) as u64)?;
        Ok(Self { count, scratch })
    }

    /// Returns the cases and their ratios. Each writes the same file anew.
    pub fn suite(&self) -> Suite<'_> {
        let cases = vec![
            self.case("store", stored),
            self.case("raw-memmap2", raw_map),
            self.case("pwrite-writeback", |path, count| written(path, count, true)),
            self.case("pwrite", |path, count| written(path, count, false)),
        ];
        Suite {
            name: "persist",
            about: format!("{} tokens made, written and synced", self.count),
            cases,
            ratios: vec![
                Ratio::new("store", "raw-memmap2", Some(RAW_MAP_BAR)),
                Ratio::new("store", "pwrite-writeback", Some(LIMIT_BAR)),
                Ratio::new("store", "pwrite", None),
            ],
            pace: PACE,
        }
    }

    fn case<'a>(
        &'a self,
        name: &str,
        write: impl Fn(&Path, usize) -> Result<Written> + 'a,
    ) -> Case<'a> {
        let path = self.scratch.file("tokens");
        let count = self.count;
        Case::new(name, count, Durable { path, count, write })
    }
}

const PACE: Pace = Pace {
    samples: 10,
    warm_up: Duration::from_millis(1),
    measurement: Duration::from_millis(500),
    round_iterations: 1,
};

/// A file that was made, and where its tokens begin.
struct Written {
    file: File,
    offset: u64,
}

/// Makes a file that was not there before.
struct Durable<W> {
    path: PathBuf,
    count: usize,
    write: W,
}

impl<W: Fn(&Path, usize) -> Result<Written>> Work for Durable<W> {
    type Output = Written;

    /// Removes the last file, and has the host give the memory that the page
    /// cache will take.
    fn prepare(&mut self) -> Result<()> {
        if self.path.exists() {
            fs::remove_file(&self.path)?;
        }
        touch_and_free(bytes_of(self.count), Pages::Small, 1)?;
        Ok(())
    }

    fn run(&mut self) -> Result<Written> {
        (self.write)(&self.path, self.count)
    }

    fn checksum(&self, output: Written) -> u64 {
        sum_of_file(&output, self.count).unwrap_or(u64::MAX)
    }

    fn expected(&self) -> u64 {
        id_sum(self.count)
    }
}

fn sum_of_file(written: &Written, count: usize) -> Result<u64> {
    let map = map(&written.file, written.offset, bytes_of(count))?;
    Ok(sum_ids(try_tokens(&map)?))
}

/// A store's whole life: created, filled, hashed, committed and named.
fn stored(path: &Path, count: usize) -> Result<Written> {
    let mut store = create_store(path)?;
    store.reserve_exact(count as u64)?;
    store.append_with(count, token)?;
    store.commit()?;
    ensure!(store.len() == count, "{} tokens of {count}", store.len());
    let offset = store.info().data_offset;
    let file = File::open(path)?;
    Ok(Written { file, offset })
}

/// A sparse file, stores through a shared map, `msync`.
fn raw_map(path: &Path, count: usize) -> Result<Written> {
    let options = File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(path);
    let file = options.with_context(|| path.display().to_string())?;
    file.set_len(bytes_of(count) as u64)?;
    let mut map = map_mut(&file)?;
    for (index, slot) in try_tokens_mut(&mut map)?.iter_mut().enumerate() {
        *slot = token(index);
    }
    map.flush()?;
    Ok(Written { file, offset: 0 })
}

/// Writes of 1 MiB from one buffer, and `fdatasync`.
fn written(path: &Path, count: usize, early_writeback: bool) -> Result<Written> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let name = path.file_name().and_then(|name| name.to_str());
    let disk = RealDir::new(folder).create_exclusive(name.context("a name")?)?;
    let mut buffer = Vec::with_capacity(WRITE_TOKENS);
    for first in (0..count).step_by(WRITE_TOKENS) {
        buffer.clear();
        buffer.extend((first..count.min(first + WRITE_TOKENS)).map(token));
        let (bytes, offset) = (as_bytes(&buffer), bytes_of(first) as u64);
        write_all_at(&disk, bytes, offset)?;
        if early_writeback {
            disk.start_writeback(offset, bytes.len() as u64)?;
        }
    }
    disk.sync()?;
    let file = File::open(path)?;
    Ok(Written { file, offset: 0 })
}

fn write_all_at(disk: &impl Disk, mut bytes: &[u8], mut offset: u64) -> Result<()> {
    while !bytes.is_empty() {
        let count = disk.write_at(bytes, offset)?;
        ensure!(count > 0, "nothing of {} bytes was written", bytes.len());
        bytes = &bytes[count..];
        offset += count as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_runs_tiny() {
        for count in [1, 1_000, 40_000] {
            let persist = Persist::new(count).unwrap();
            crate::suite::check(persist.suite());
        }
    }
}
