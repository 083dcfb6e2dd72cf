//! Two thousand files open at once.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, ensure};
use ng_store::{BlockReader, CreateOptions, MapOptions, MmapStore, TokenStore, VecStore};
use ng_token::Token;
use rustix::process::{Resource, getrlimit, setrlimit};

use crate::fill::pushed;
use crate::maps::open_store_with;
use crate::scratch::Scratch;
use crate::{Case, Pace, Ratio, Suite, Work};

/// How many tokens each file has.
const EACH: usize = 1_000;

/// How many other files a process may have open.
const SPARE: u64 = 100;

/// Raises the limit on open files as far as needed and allowed.
fn may_open(files: u64) -> Result<()> {
    let mut limit = getrlimit(Resource::Nofile);
    let is_enough = |limit: Option<u64>| limit.is_none_or(|limit| limit >= files);
    if is_enough(limit.current) {
        return Ok(());
    }
    ensure!(
        is_enough(limit.maximum),
        "{files} files are to be open at once, and no more than {:?} may be: `ulimit -Hn`",
        limit.maximum
    );
    limit.current = Some(files);
    Ok(setrlimit(Resource::Nofile, limit)?)
}

/// The suite `many`.
pub struct Many {
    paths: Vec<PathBuf>,
    _scratch: Scratch,
}

impl Many {
    /// How many files there are in a measurement.
    pub const FILES: usize = 2_000;

    /// Makes `files` files in a new folder within `folder`.
    ///
    /// # Errors
    ///
    /// If there is no room on the disk, or this process may not open that many files.
    pub fn new(files: usize, folder: &Path) -> Result<Self> {
        may_open(files as u64 + SPARE)?;
        let scratch = Scratch::with_room(folder, files as u64 * (1 << 20))?;
        let store = VecStore::from_vec(pushed(EACH));
        let paths: Vec<_> = (0..files)
            .map(|number| scratch.file(&number.to_string()))
            .collect();
        for path in &paths {
            store.save(path, &CreateOptions::new())?;
        }
        Ok(Self {
            paths,
            _scratch: scratch,
        })
    }

    /// Returns the cases and their ratios. One "token" of a case is one file.
    pub fn suite(&self) -> Suite<'_> {
        let files = self.paths.len();
        let open = |name: &str, open: fn(&Path) -> Result<Opened>| {
            let paths = &self.paths;
            Case::new(name, files, Open { paths, open })
        };
        Suite {
            name: "many",
            about: format!("{files} files of {EACH} tokens, in the page cache, open at once"),
            cases: vec![
                open("mapped", |path| {
                    let options = MapOptions::new().reserve_tokens(0);
                    Ok(Opened::Store(open_store_with(path, &options)?))
                }),
                open("mapped-reserving", |path| {
                    // Fits the 128 TiB address space of a process, 16 GiB for each.
                    let options = MapOptions::new().reserve_tokens(1 << 28);
                    Ok(Opened::Store(open_store_with(path, &options)?))
                }),
                open("readers", |path| {
                    Ok(Opened::Reader(BlockReader::open(path)?))
                }),
                open("files", |path| Ok(Opened::File(File::open(path)?))),
            ],
            ratios: vec![
                Ratio::new("mapped", "files", None),
                Ratio::new("mapped-reserving", "mapped", None),
                Ratio::new("readers", "files", None),
            ],
            pace: PACE,
        }
    }
}

const PACE: Pace = Pace {
    samples: 10,
    warm_up: Duration::from_millis(100),
    measurement: Duration::from_secs(1),
    round_iterations: 2,
};

/// An open file.
enum Opened {
    Store(MmapStore),
    Reader(BlockReader),
    File(File),
}

impl Opened {
    /// The id of the last token of a saved file.
    fn last_id(&self) -> Result<u64> {
        let last = match self {
            Self::Store(store) => store.tokens().last().copied(),
            Self::Reader(reader) => reader.get(reader.len() - 1)?,
            Self::File(file) => {
                let mut last = [0; Token::SIZE];
                let start = file.metadata()?.len() - Token::SIZE as u64;
                file.read_exact_at(&mut last, start)?;
                ng_token::read_unaligned(&last)?.next()
            }
        };
        Ok(last.map_or(u64::MAX, |last| u64::from(last.id().raw())))
    }
}

/// Opens all files, and keeps them open.
struct Open<'a> {
    paths: &'a [PathBuf],
    open: fn(&Path) -> Result<Opened>,
}

impl Work for Open<'_> {
    type Output = Vec<Opened>;

    fn run(&mut self) -> Result<Vec<Opened>> {
        self.paths.iter().map(|path| (self.open)(path)).collect()
    }

    fn checksum(&self, output: Vec<Opened>) -> Result<u64> {
        output.iter().map(Opened::last_id).sum()
    }

    fn expected(&self) -> u64 {
        (self.paths.len() * (EACH - 1)) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_runs_with_few_files() {
        let folder = tempfile::tempdir().unwrap();
        crate::suite::check(Many::new(20, folder.path()).unwrap().suite());
    }
}
