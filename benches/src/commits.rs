//! Commits of a few tokens each: what each costs beside its two syncs.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use ng_store::{CreateOptions, FileWriter, TokenSink, WriteError};

use crate::fill::token;
use crate::maps::create_store;
use crate::scratch::Scratch;
use crate::{Case, Pace, Ratio, Suite, Work};

/// The commits of a run.
const COMMITS: usize = 20;

/// The share of the speed of the same writes and syncs alone that a commit must reach.
const BAR: f64 = 0.9;

/// How many tokens a commit has.
const SIZES: [usize; 3] = [1, 64, 4096];

const PAGE: usize = 4096;

/// The suite `commits`.
pub struct Commits {
    scratch: Scratch,
}

impl Commits {
    /// Makes a new folder within `folder`.
    ///
    /// # Errors
    ///
    /// There is no room on the disk.
    pub fn new(folder: &Path) -> Result<Self> {
        Ok(Self {
            scratch: Scratch::with_room(folder, 4 << 30)?,
        })
    }

    /// Returns the cases and their ratios. One "token" of a case is one commit.
    ///
    /// # Errors
    ///
    /// No file can be made.
    pub fn suite(&self) -> Result<Suite<'_>> {
        let (mut cases, mut ratios) = (Vec::new(), Vec::new());
        for size in SIZES {
            let (writer, store, raw) = (
                format!("writer-{size}"),
                format!("store-{size}"),
                format!("raw-{size}"),
            );
            let file = |name: &str| self.scratch.file(name);
            let appended = Append {
                sink: FileWriter::create(file(&writer), &CreateOptions::new())?,
                size,
            };
            cases.push(Case::new(&writer, COMMITS, appended));
            let appended = Append {
                sink: create_store(&file(&store))?,
                size,
            };
            cases.push(Case::new(&store, COMMITS, appended));
            cases.push(Case::new(&raw, COMMITS, Raw::new(&file(&raw), size)?));
            ratios.push(Ratio::new(&writer, &raw, Some(BAR)));
            ratios.push(Ratio::new(&store, &raw, Some(BAR)));
        }
        Ok(Suite {
            name: "commits",
            about: format!("{COMMITS} commits a run, of {SIZES:?} tokens each"),
            cases,
            ratios,
            pace: PACE,
        })
    }
}

const PACE: Pace = Pace {
    samples: 10,
    warm_up: Duration::from_millis(100),
    measurement: Duration::from_millis(500),
    round_iterations: 3,
};

/// Appends and commits.
struct Append<S> {
    sink: S,
    size: usize,
}

impl<S: TokenSink<Error = WriteError>> Work for Append<S> {
    type Output = u64;

    fn run(&mut self) -> Result<u64> {
        let before = self.sink.appended_tokens();
        for _ in 0..COMMITS {
            self.sink.append_with(self.size, token)?;
            self.sink.commit()?;
        }
        Ok(self.sink.appended_tokens() - before)
    }

    fn checksum(&self, output: u64) -> Result<u64> {
        Ok(output)
    }

    fn expected(&self) -> u64 {
        (COMMITS * self.size) as u64
    }
}

/// The writes of a commit and its syncs, in a file that has room, and nothing else:
/// tokens and a page; a sync; a page; a sync.
struct Raw {
    file: File,
    tokens: Vec<u8>,
    end: u64,
}

impl Raw {
    fn new(path: &Path, size: usize) -> Result<Self> {
        // Zeros that are on the disk: room that a commit finds.
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(path)?;
        let zeros = vec![0; 1 << 20];
        for chunk in 0..ROOM >> 20 {
            file.write_all_at(&zeros, chunk << 20)?;
        }
        file.sync_all()?;
        Ok(Self {
            file,
            tokens: vec![1; size * 64],
            end: 2 * PAGE as u64,
        })
    }
}

/// What a raw file has room for; it is begun anew when that is used up.
const ROOM: u64 = 256 << 20;

impl Work for Raw {
    type Output = u64;

    fn run(&mut self) -> Result<u64> {
        let page = [1; PAGE];
        for _ in 0..COMMITS {
            if self.end + self.tokens.len() as u64 > ROOM {
                self.end = 2 * PAGE as u64;
            }
            self.file.write_all_at(&self.tokens, self.end)?;
            self.file.write_all_at(&page, 0)?;
            self.file.sync_data()?;
            self.file.write_all_at(&page[..1024], PAGE as u64)?;
            self.file.sync_data()?;
            self.end += self.tokens.len() as u64;
        }
        Ok(COMMITS as u64)
    }

    fn checksum(&self, output: u64) -> Result<u64> {
        Ok(output)
    }

    fn expected(&self) -> u64 {
        COMMITS as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_runs() {
        let folder = tempfile::tempdir().unwrap();
        let commits = Commits::new(folder.path()).unwrap();
        crate::suite::check(commits.suite().unwrap());
    }
}
