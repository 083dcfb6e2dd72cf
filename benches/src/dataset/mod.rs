//! Datasets: scanned, appended to, updated and opened, each beside what it is judged by.
//!
//! - `scan` asks a dataset and a file of the same tokens the same;
//! - `append` streams tokens through rolls, and into one file;
//! - `update` changes 1 % of the tokens, and copies as many;
//! - `open` opens manifests of many shards.

mod append;
mod open;
mod scan;
mod update;

use std::num::NonZeroUsize;
use std::path::Path;

use anyhow::Result;
use ng_dataset::{CreateOptions, Dataset, WriterOptions};
use ng_store::BLOCK_TOKENS;
use ng_token::Token;

use crate::scratch::Scratch;
use crate::size::{bytes_of, ensure_memory};
use crate::teams::Teams;
use crate::{Case, Pace, Ratio, Suite};
use append::Appends;
use open::Opens;
use scan::Scans;
use update::Updates;

/// What the suite takes on the disk beside tokens: heads and zones of the shards, manifests.
const BESIDE_BYTES: usize = 128 << 20;

/// The suite `dataset`.
pub struct Datasets {
    count: usize,
    scans: Scans,
    appends: Appends,
    updates: Updates,
    opens: Opens,
    teams: Teams,
    _scratch: Scratch,
}

impl Datasets {
    /// Makes datasets of `count` tokens in a new folder within `folder`, for one thread and
    /// `threads` to scan.
    ///
    /// # Errors
    ///
    /// If disk or memory is too small, or threads cannot be started.
    pub fn new(count: usize, threads: NonZeroUsize, folder: &Path) -> Result<Self> {
        // What is scanned, in the page cache.
        ensure_memory(2 * bytes_of(count))?;
        // Besides, what is updated and what is appended.
        let scratch = Scratch::with_room(folder, (4 * bytes_of(count) + BESIDE_BYTES) as u64)?;
        let teams = Teams::new(threads)?;
        Ok(Self {
            count,
            appends: Appends::new(count, &scratch),
            updates: Updates::new(count, &scratch)?,
            opens: Opens::new(&scratch)?,
            // The files to read come last, so that they are in the page cache.
            scans: Scans::new(count, &teams, &scratch)?,
            teams,
            _scratch: scratch,
        })
    }

    /// Returns the cases and their ratios.
    ///
    /// # Errors
    ///
    /// If the index of the file just made is not its own.
    pub fn suite(&self) -> Result<Suite<'_>> {
        let mut cases: Vec<Case<'_>> = self.scans.cases(&self.teams)?;
        let mut ratios: Vec<Ratio> = self.scans.ratios(&self.teams);
        cases.extend(self.appends.cases());
        cases.extend(self.updates.cases(self.teams.one()));
        cases.extend(self.opens.cases(self.teams.one())?);
        ratios.extend(Appends::ratios());
        ratios.extend(Updates::ratios());
        ratios.extend(Opens::ratios());
        Ok(Suite {
            name: "dataset",
            about: format!(
                "datasets of {} tokens: {}, in the page cache, scanned; {} appended; {}, one of \
                 them updated; a dataset to open is a token",
                self.count,
                shards(self.scans.shards()),
                shards(self.appends.shards()),
                shards(self.updates.shards()),
            ),
            cases,
            ratios,
            pace: Pace::FILES,
        })
    }
}

fn shards(count: usize) -> String {
    match count {
        1 => "1 shard".to_owned(),
        count => format!("{count} shards"),
    }
}

/// How many tokens each of `shards` shards has, the last one fewer: whole blocks if it has any, as
/// a writer that rolls makes them.
fn shard_tokens(count: usize, shards: usize) -> usize {
    let tokens = count.div_ceil(shards);
    match tokens < BLOCK_TOKENS {
        true => tokens,
        false => tokens.next_multiple_of(BLOCK_TOKENS),
    }
}

/// Creates a dataset of the tokens `token(0)` to `token(count - 1)` in shards of `shard` tokens.
fn created(
    path: &Path,
    count: usize,
    shard: usize,
    token: impl Fn(usize) -> Token,
) -> Result<Dataset> {
    let dataset = Dataset::create(path, &CreateOptions::new())?;
    let mut writer = dataset.writer(&WriterOptions::new())?;
    for start in (0..count).step_by(shard) {
        let tokens = shard.min(count - start);
        writer.append_with(tokens, |index| token(start + index))?;
        writer.roll()?;
    }
    writer.close()?;
    Ok(dataset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_runs_tiny() {
        for (count, threads) in [(1, 1), (1_000, 2), (50_000, 2)] {
            let folder = tempfile::tempdir().unwrap();
            let threads = NonZeroUsize::new(threads).unwrap();
            let datasets = Datasets::new(count, threads, folder.path()).unwrap();
            crate::suite::check(datasets.suite().unwrap());
        }
    }

    #[test]
    fn shards_have_whole_blocks_unless_they_have_none() {
        for (count, shards, expected) in [
            (1, 10, 1),
            (1_000, 10, 100),
            (40_959, 10, BLOCK_TOKENS),
            (40_961, 10, 2 * BLOCK_TOKENS),
            (10_000_000, 100, 102_400),
        ] {
            assert_eq!(shard_tokens(count, shards), expected, "{count} in {shards}");
        }
    }
}
