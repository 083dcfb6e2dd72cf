//! Commits of a few tokens each, beside their two syncs alone.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use ng_store::disk::{Disk, RealFile};
use ng_store::{CreateOptions, FileWriter, TokenSink, WriteError};
use ng_token::Token;

use crate::fill::token;
use crate::ingest::write_all_at;
use crate::maps::create_store;
use crate::scratch::Scratch;
use crate::{Case, Pace, Ratio, Suite, Work};

/// The commits of a run.
const COMMITS: usize = 20;

/// The share of the speed of the same writes and syncs alone that a commit must reach, in space
/// that was allocated and not written.
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
    /// If there is no room on the disk.
    pub fn new(folder: &Path) -> Result<Self> {
        Ok(Self {
            scratch: Scratch::with_room(folder, 4 << 30)?,
        })
    }

    /// Returns the cases and their ratios. One "token" of a case is one commit.
    ///
    /// # Errors
    ///
    /// If no file can be made.
    pub fn suite(&self) -> Result<Suite<'_>> {
        let (mut cases, mut ratios) = (Vec::new(), Vec::new());
        for size in SIZES {
            let name = |kind: &str| format!("{kind}-{size}");
            let [writer, store, raw, fresh] = ["writer", "store", "raw", "raw-fresh"].map(name);
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
            for (name, is_written) in [(&raw, true), (&fresh, false)] {
                let work = Raw::new(&file(name), size, is_written)?;
                cases.push(Case::new(name, COMMITS, work));
            }
            ratios.push(Ratio::new(&writer, &fresh, Some(BAR)));
            ratios.push(Ratio::new(&store, &fresh, Some(BAR)));
            ratios.push(Ratio::new(&writer, &raw, None));
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

/// The writes of a commit and its syncs, and nothing else: tokens and a page; a sync; a page; a
/// sync. In space that was written before, whose blocks and pages exist, or in space that was only
/// allocated.
struct Raw {
    path: PathBuf,
    is_written: bool,
    file: RealFile,
    tokens: Vec<u8>,
    end: u64,
}

impl Raw {
    fn new(path: &Path, size: usize, is_written: bool) -> Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            is_written,
            file: with_room(path, is_written)?,
            tokens: vec![1; size * Token::SIZE],
            end: FIRST,
        })
    }

    fn commit(&mut self) -> Result<()> {
        let page = [1; PAGE];
        write_all_at(&self.file, &self.tokens, self.end)?;
        write_all_at(&self.file, &page, 0)?;
        self.file.sync()?;
        write_all_at(&self.file, &page[..1024], PAGE as u64)?;
        self.file.sync()?;
        self.end += self.tokens.len() as u64;
        Ok(())
    }
}

/// The capacity of a raw file; when it is full, another is made.
const ROOM: u64 = 64 << 20;

/// Where its tokens begin.
const FIRST: u64 = 1 << 20;

fn with_room(path: &Path, is_written: bool) -> Result<RealFile> {
    std::fs::write(path, [0; 2 * PAGE])?;
    let file = RealFile::open(path, true)?;
    match is_written {
        true => {
            let zeros = vec![0; 1 << 20];
            for start in (0..ROOM).step_by(zeros.len()) {
                write_all_at(&file, &zeros, start)?;
            }
        }
        false => file.allocate(0, ROOM)?,
    }
    file.sync()?;
    Ok(file)
}

impl Work for Raw {
    type Output = u64;

    fn prepare(&mut self) -> Result<()> {
        if self.end + (COMMITS * self.tokens.len()) as u64 > ROOM {
            self.file = with_room(&self.path, self.is_written)?;
            self.end = FIRST;
        }
        Ok(())
    }

    fn run(&mut self) -> Result<u64> {
        (0..COMMITS).try_for_each(|_| self.commit())?;
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
