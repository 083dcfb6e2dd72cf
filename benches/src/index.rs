//! Building an index, beside the verification of the same file and plain writes of as many bytes.

use std::iter;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use ng_lab::{Pages, touch_and_free};
use ng_parallel::{Workers, verify};
use ng_query::Column;
use ng_query::index::{BuildOptions, BuildReport, build, index_folder};
use ng_store::BLOCK_TOKENS;
use ng_token::{Space, as_bytes};

use crate::ingest::{CHUNK_BYTES, write_durably};
use crate::scratch::{Scratch, remove_for_good};
use crate::size::{bytes_of, ensure_memory};
use crate::teams::{Teams, case_name};
use crate::varied::{Varied, axes};
use crate::{Case, Pace, Ratio, Suite, Work};

/// The share of the speed of a verification, alone or with the writing of columns, that building
/// must reach.
const BAR: f64 = 0.8;

/// The bytes of a token's weight, timestamp and physical space.
const COLUMN_BYTES: usize = 4 + 4 + 6;

/// The suite `index`.
pub struct Builds {
    file: Varied,
    teams: Teams,
    scratch: Scratch,
    /// Some bytes of tokens, to be written.
    chunk: Vec<u8>,
}

impl Builds {
    /// Makes a file of `count` tokens in a new folder within `folder`, for one thread and `threads`
    /// to index.
    ///
    /// # Errors
    ///
    /// If disk or memory is too small, or threads cannot be started.
    pub fn new(count: usize, threads: NonZeroUsize, folder: &Path) -> Result<Self> {
        let size_bytes = bytes_of(count) + count * COLUMN_BYTES;
        ensure_memory(size_bytes)?;
        let scratch = Scratch::with_room(folder, size_bytes as u64)?;
        let teams = Teams::new(threads)?;
        let file = Varied::create(scratch.file("tokens.ngt"), count, teams.all())?;
        let bytes = as_bytes(file.tokens()).iter().copied();
        Ok(Self {
            chunk: bytes.cycle().take(CHUNK_BYTES).collect(),
            file,
            teams,
            scratch,
        })
    }

    /// Returns the cases and their ratios.
    pub fn suite(&self) -> Suite<'_> {
        let (mut cases, mut ratios) = (Vec::new(), Vec::new());
        for workers in self.teams.iter() {
            let name = |name| case_name(name, workers);
            let verified = move |file: &Varied| verified_blocks(workers, file);
            let written = move |file: &Varied| {
                let blocks = verified_blocks(workers, file)?;
                self.write_columns()?;
                Ok(blocks)
            };
            cases.extend([
                self.case(name("verify"), verified),
                self.case(name("verify-and-write"), written),
                self.case(name("zones"), |file| {
                    indexed_blocks(workers, file, &BuildOptions::new())
                }),
                self.case(name("columns"), |file| {
                    indexed_blocks(workers, file, &BuildOptions::new().columns(columns()))
                }),
            ]);
            ratios.extend([
                Ratio::new(name("zones"), name("verify"), Some(BAR)),
                Ratio::new(name("columns"), name("verify-and-write"), Some(BAR)),
            ]);
        }
        ratios.extend(
            ["verify", "zones", "columns"]
                .map(|name| self.teams.scaling(name, None))
                .into_iter()
                .flatten(),
        );
        Suite {
            name: "index",
            about: format!(
                "an index of {} varied tokens, in the page cache; three columns: weight, \
                 timestamp and the physical space",
                self.file.tokens().len()
            ),
            cases,
            ratios,
            pace: Pace::FILES,
        }
    }

    fn case<'a>(&'a self, name: String, run: impl Fn(&Varied) -> Result<u64> + 'a) -> Case<'a> {
        let fresh = Fresh {
            file: &self.file,
            written: self.written(),
            threads: self.teams.all().threads(),
            run,
        };
        Case::new(name, self.file.tokens().len(), fresh)
    }

    fn written(&self) -> PathBuf {
        self.scratch.file("written")
    }

    /// Writes as many bytes as the columns of the full blocks have.
    fn write_columns(&self) -> Result<()> {
        let blocks = self.file.tokens().len() / BLOCK_TOKENS;
        let size_bytes = blocks * BLOCK_TOKENS * COLUMN_BYTES;
        // As much as stays in a cache, like the columns of a few blocks.
        let chunk = &self.chunk[..];
        let whole = iter::repeat_n(chunk, size_bytes / CHUNK_BYTES);
        let rest = iter::once(&chunk[..size_bytes % CHUNK_BYTES]);
        write_durably(&self.written(), whole.chain(rest))
    }
}

fn columns() -> impl Iterator<Item = Column> {
    let hot = [Column::Weight, Column::Timestamp];
    hot.into_iter().chain(axes(Space::Physical))
}

/// Verifies the file, and returns how many full blocks it has.
fn verified_blocks(workers: &Workers, file: &Varied) -> Result<u64> {
    let report = verify(workers, &file.reader)?;
    ensure!(report.is_clean(), "{report:?}");
    let has_rest = !file.reader.len().is_multiple_of(BLOCK_TOKENS as u64);
    Ok(report.blocks - u64::from(has_rest))
}

/// Builds an index from nothing, and returns how many blocks it covers.
fn indexed_blocks(workers: &Workers, file: &Varied, options: &BuildOptions) -> Result<u64> {
    let BuildReport {
        index, read_blocks, ..
    } = build(workers, &file.reader, options, |_, _| ())?;
    ensure!(
        index.blocks == read_blocks && index.warnings.is_empty(),
        "{index:?}, and {read_blocks} blocks read"
    );
    Ok(index.blocks)
}

/// Work on a file without an index and without the results of the previous run.
struct Fresh<'a, F> {
    file: &'a Varied,
    written: PathBuf,
    threads: usize,
    run: F,
}

impl<F: Fn(&Varied) -> Result<u64>> Work for Fresh<'_, F> {
    type Output = u64;

    /// Durably removes what was made, and has the host provide the memory for the pages of new
    /// files. The same for every case.
    fn prepare(&mut self) -> Result<()> {
        remove_for_good(&self.written)?;
        remove_for_good(&index_folder(self.file.reader.path()))?;
        let bytes = self.file.tokens().len() * COLUMN_BYTES;
        touch_and_free(bytes, Pages::Huge, self.threads)?;
        Ok(())
    }

    fn run(&mut self) -> Result<u64> {
        (self.run)(self.file)
    }

    fn checksum(&self, output: u64) -> Result<u64> {
        Ok(output)
    }

    fn expected(&self) -> u64 {
        (self.file.tokens().len() / BLOCK_TOKENS) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_runs_tiny() {
        for (count, threads) in [(1, 1), (1_000, 2), (9_000, 3), (8_192, 2)] {
            let folder = tempfile::tempdir().unwrap();
            let threads = NonZeroUsize::new(threads).unwrap();
            let builds = Builds::new(count, threads, folder.path()).unwrap();
            crate::suite::check(builds.suite());
        }
    }

    #[test]
    fn as_many_bytes_are_written_as_the_columns_have() {
        let folder = tempfile::tempdir().unwrap();
        let builds = Builds::new(9_000, NonZeroUsize::MIN, folder.path()).unwrap();
        builds.write_columns().unwrap();
        let written = std::fs::metadata(builds.written()).unwrap().len();
        let options = BuildOptions::new().columns(columns());
        let index = builds.file.index(builds.teams.one(), &options).unwrap();
        let of_columns = columns().map(|column| builds.file.columns(&index, &[column]).unwrap());
        let rest = (9_000 - 8_192) * 64;
        let size_bytes: usize = of_columns.map(|lines| lines.size_bytes() - rest).sum();
        assert_eq!(written as usize, size_bytes);
    }
}
