//! Sorting a file along a curve: in memory, beside a copy and a plain write, and beyond memory,
//! beside two reads and two writes of its bytes at the disk's limits.

use std::fs::File;
use std::hint::black_box;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, ensure};
use ng_lab::limits::{LimitReading, probe_files};
use ng_lab::{Limit, Pages, touch_and_free};
use ng_parallel::Workers;
use ng_query::order::{Order, SortOptions, sort_file, sort_positions};
use ng_store::disk::RealFile;
use ng_store::{BlockReader, CreateOptions, TokenStore};
use ng_token::{Space, Token, as_bytes, try_tokens};

use crate::cold::drop_from_memory;
use crate::ingest::{CHUNK_BYTES, write_durably};
use crate::maps::{map, open_store};
use crate::scan::sum_ids;
use crate::scratch::{Scratch, remove_for_good};
use crate::size::{bytes_of, ensure_memory};
use crate::teams::{Teams, case_name};
use crate::varied::Varied;
use crate::{Case, Pace, Ratio, Suite, Work};

/// How long sorting 10M tokens in memory may take, on any number of threads.
const TIME_IN_MEMORY: Duration = Duration::from_millis(700);
/// The share of the disk's speed that sorting beyond memory must reach: at most 1.3 times the time
/// of two reads and two writes.
const DISK_BAR: f64 = 1.0 / 1.3;

/// The share of the file that a sort beyond memory may hold.
const MEMORY_SHARE: usize = 8;
/// The least memory of a sort: what it needs besides tokens, itself and for each thread, and 16 MiB
/// for tokens.
const LEAST_BYTES: usize = 48 << 20;
const THREAD_BYTES: usize = 10 << 20;

/// The suite `sort`.
pub struct Sorts {
    count: usize,
    path: PathBuf,
    /// Digests of the tokens in the file's order, and in the sorted order.
    plain: u64,
    sorted: u64,
    teams: Teams,
    scratch: Scratch,
}

impl Sorts {
    /// Makes a file of `count` tokens in a new folder within `folder`, for one thread and `threads`
    /// to sort.
    ///
    /// # Errors
    ///
    /// If disk or memory is too small, or threads cannot be started.
    pub fn new(count: usize, threads: NonZeroUsize, folder: &Path) -> Result<Self> {
        // The tokens, their copy, and the pages of the new file.
        ensure_memory(3 * bytes_of(count))?;
        // The file, temporary ones, a new one, and the disk probe's.
        let scratch = Scratch::with_room(folder, 4 * bytes_of(count) as u64)?;
        let teams = Teams::new(threads)?;
        let path = scratch.file("tokens.ngt");
        let file = Varied::create(path.clone(), count, teams.all())?;
        Ok(Self {
            count,
            path,
            plain: digest(file.tokens()),
            sorted: digest_in_order(teams.all(), file.tokens())?,
            teams,
            scratch,
        })
    }

    /// Returns the cases and their ratios.
    pub fn suite(&self) -> Suite<'_> {
        let (mut cases, mut ratios) = (Vec::new(), Vec::new());
        for workers in self.teams.iter() {
            let name = case_name("in-memory", workers);
            let in_memory = move |path: &Path| self.sort(workers, &SortOptions::new(), path);
            cases.push(self.case(name.clone(), Heat::Warm, in_memory));
            ratios.push(Ratio::new(name.clone(), "copy-and-write", None));
            ratios.push(Ratio::within(name, TIME_IN_MEMORY));
        }
        let copy = |path: &Path| self.copy_and_write(path);
        cases.push(self.case("copy-and-write".to_owned(), Heat::Warm, copy));
        let (all, memory_bytes) = (self.teams.all(), self.memory_bytes());
        let options = SortOptions::new().memory_bytes(memory_bytes as u64);
        let beyond = case_name("beyond-memory", all);
        let sort = move |path: &Path| self.sort(all, &options, path);
        cases.push(self.case(beyond.clone(), Heat::Cold, sort));
        cases.push(Case::told("disk-twice", self.count, || self.disk_twice()));
        ratios.push(Ratio::new(beyond, "disk-twice", Some(DISK_BAR)));
        Suite {
            name: "sort",
            about: format!(
                "{} tokens along a curve into a new file in {}, durable at the end; beyond \
                 memory: {} MiB for {} MiB, none of them in memory before",
                self.count,
                self.scratch.path().display(),
                memory_bytes >> 20,
                bytes_of(self.count) >> 20
            ),
            cases,
            ratios,
            pace: Pace::FILES,
        }
    }

    fn case<'a>(
        &'a self,
        name: String,
        heat: Heat,
        run: impl Fn(&Path) -> Result<Made> + 'a,
    ) -> Case<'a> {
        let sorted = Sorted {
            suite: self,
            path: self.scratch.file("sorted.ngt"),
            heat,
            run,
        };
        Case::new(name, self.count, sorted)
    }

    fn memory_bytes(&self) -> usize {
        let least = LEAST_BYTES + THREAD_BYTES * self.teams.all().threads();
        (bytes_of(self.count) / MEMORY_SHARE).max(least)
    }

    fn sort(&self, workers: &Workers, options: &SortOptions, path: &Path) -> Result<Made> {
        let reader = BlockReader::open(&self.path)?;
        let to = (path, CreateOptions::new());
        sort_file(workers, &reader, to, &order(), options, |_| ())?;
        Ok(Made::Sorted)
    }

    /// Copies the tokens into fresh memory, and writes that.
    fn copy_and_write(&self, path: &Path) -> Result<Made> {
        let tokens = open_store(&self.path)?;
        let copy = tokens.tokens().to_vec();
        write_durably(path, as_bytes(&copy).chunks(CHUNK_BYTES))?;
        Ok(Made::Copy)
    }

    /// How long two reads of a file that is not in memory take, and two durable writes of a new
    /// one, each in the fastest way that the lab knows.
    fn disk_twice(&self) -> Result<Duration> {
        let (bytes, limits) = (
            bytes_of(self.count) as u64,
            [Limit::DurableWrite, Limit::ColdRead],
        );
        let threads = self.teams.all().threads();
        let probed = tempfile::tempdir_in(self.scratch.path())?;
        let readings = probe_files(probed.path(), bytes, threads, &limits)?;
        let ns_per_byte: f64 = readings
            .iter()
            .map(|LimitReading { ns_per_unit, .. }| ns_per_unit)
            .sum();
        Ok(Duration::from_nanos(
            (2.0 * ns_per_byte * bytes as f64) as u64,
        ))
    }
}

/// Whether the file is in memory before it is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heat {
    Warm,
    Cold,
}

/// The contents of a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Made {
    /// A sorted token file.
    Sorted,
    /// The tokens as they were, and nothing else.
    Copy,
}

/// Makes a new file from the tokens of another.
struct Sorted<'a, F> {
    suite: &'a Sorts,
    path: PathBuf,
    heat: Heat,
    run: F,
}

impl<F: Fn(&Path) -> Result<Made>> Work for Sorted<'_, F> {
    type Output = Made;

    /// Durably removes the last file, and has the host provide the memory for the pages of the new
    /// one and a copy, the same for every case; then brings the tokens into memory, or drops them
    /// from it.
    fn prepare(&mut self) -> Result<()> {
        remove_for_good(&self.path)?;
        let (suite, path) = (self.suite, &self.suite.path);
        let bytes = 2 * bytes_of(suite.count);
        touch_and_free(bytes, Pages::Huge, suite.teams.all().threads())?;
        match self.heat {
            Heat::Warm => {
                black_box(sum_ids(open_store(path)?.tokens()));
            }
            Heat::Cold => {
                let info = BlockReader::open(path)?.info();
                let disk = RealFile::open(path, false)?;
                drop_from_memory(&disk, info.data_offset, info.length)?;
            }
        }
        Ok(())
    }

    fn run(&mut self) -> Result<Made> {
        (self.run)(&self.path)
    }

    /// Returns 0 if the new file has the right contents.
    fn checksum(&self, made: Made) -> Result<u64> {
        let suite = self.suite;
        Ok(match made {
            Made::Sorted => suite.sorted ^ digest(open_store(&self.path)?.tokens()),
            Made::Copy => {
                let bytes = map(&File::open(&self.path)?, 0, bytes_of(suite.count))?;
                suite.plain ^ digest(try_tokens(&bytes)?)
            }
        })
    }

    fn expected(&self) -> u64 {
        0
    }
}

fn order() -> Order {
    Order::by_space(Space::Physical)
}

/// Digests tokens into one number, which depends on each byte and on their order.
fn digest<'a>(tokens: impl IntoIterator<Item = &'a Token>) -> u64 {
    tokens.into_iter().fold(0, |digest, token| {
        let (words, _) = token.as_bytes().as_chunks();
        words.iter().fold(digest, |digest: u64, word| {
            let word = u64::from_le_bytes(*word);
            (digest ^ word)
                .wrapping_mul(0x9E37_79B9_7F4A_7C15)
                .rotate_left(29)
        })
    })
}

/// The digest of the tokens in the order of their sorted positions, which all ways must reproduce.
fn digest_in_order(workers: &Workers, tokens: &[Token]) -> Result<u64> {
    let positions = sort_positions(workers, tokens, &order())?;
    let mut seen = vec![false; tokens.len()];
    positions
        .iter(0..tokens.len())
        .for_each(|position| seen[position] = true);
    ensure!(seen.into_iter().all(|seen| seen), "a position is lost");
    Ok(digest(
        positions
            .iter(0..tokens.len())
            .map(|position| &tokens[position]),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_runs_tiny() {
        for (count, threads) in [(1, 1), (1_000, 2)] {
            let folder = tempfile::tempdir().unwrap();
            let threads = NonZeroUsize::new(threads).unwrap();
            let sorts = Sorts::new(count, threads, folder.path()).unwrap();
            crate::suite::check(sorts.suite());
        }
    }

    /// More than the least memory holds.
    #[test]
    fn a_sort_beyond_memory_goes_by_way_of_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let sorts = Sorts::new(220_000, NonZeroUsize::MIN, folder.path()).unwrap();
        let options = SortOptions::new().memory_bytes(sorts.memory_bytes() as u64);
        let reader = BlockReader::open(&sorts.path).unwrap();
        let path = sorts.scratch.file("sorted.ngt");
        let to = (path.as_path(), CreateOptions::new());
        let report = sort_file(sorts.teams.one(), &reader, to, &order(), &options, |_| ());
        assert!(report.unwrap().temporary_files > 0);
    }
}
