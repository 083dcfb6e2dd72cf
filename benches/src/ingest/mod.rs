//! Tokens into a new file, durable at the end: the store's ways, others, and the machine's limit.
//!
//! - `stored` are the ways into an [`MmapStore`](ng_store::MmapStore);
//! - `raw` are files that are not stores: less is done for them, as described there;
//! - `own_ranges` is how many threads could write the store, which they do not;
//! - `durable` is what all of them have in common.

mod durable;
mod own_ranges;
mod raw;
mod stored;

pub(crate) use raw::{CHUNK_BYTES, write_all_at, write_durably};

use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use ng_parallel::{IngestOptions, Workers};
use ng_store::{BLOCK_TOKENS, FileBlockHasher, TokenSink};

use crate::scratch::Scratch;
use crate::size::{bytes_of, ensure_memory};
use crate::teams::{Teams, case_name};
use crate::{Case, Pace, Ratio, Suite, maps};
use durable::{Durable, Readable};

/// The suite `ingest`.
pub struct Ingest {
    count: usize,
    teams: Teams,
    scratch: Scratch,
    hasher: FileBlockHasher,
}

impl Ingest {
    /// Plans `count` tokens by one thread and by `threads`, into files in a new folder within
    /// `folder`, which is removed with this value.
    ///
    /// # Errors
    ///
    /// If there is no such folder, too little room or memory, or threads cannot be started.
    pub fn new(count: usize, threads: NonZeroUsize, folder: &Path) -> Result<Self> {
        // The host's memory for the pages of the file.
        ensure_memory(bytes_of(count))?;
        let scratch = Scratch::with_room(folder, bytes_of(count) as u64)?;
        let hasher = maps::create_store(&scratch.file("hasher.ngt"))?.block_hasher();
        Ok(Self {
            count,
            teams: Teams::new(threads)?,
            scratch,
            hasher,
        })
    }

    /// Returns the cases and their ratios.
    pub fn suite(&self) -> Suite<'_> {
        let mut cases = self.raw_cases();
        cases.push(self.case("append-with", stored::appended));
        cases.extend(self.teams.iter().map(|workers| {
            let name = case_name("ingest", workers);
            self.ingest_case(name, workers, IngestOptions::new())
        }));
        cases.extend(self.alternatives());
        Suite {
            name: "ingest",
            about: format!(
                "{} tokens into a new file in {}, durable at the end",
                self.count,
                self.scratch.path().display()
            ),
            cases,
            ratios: self.ratios(),
            pace: PACE,
        }
    }

    fn raw_cases(&self) -> Vec<Case<'_>> {
        vec![
            self.case("pwrite-early", raw::written_early),
            self.case("mmap-sparse", raw::mapped),
            self.case("bufwriter", raw::buffered),
        ]
    }

    /// The alternatives to `ingest`, all on the largest team.
    fn alternatives(&self) -> Vec<Case<'_>> {
        let workers = self.teams.all();
        let mut cases = vec![
            self.case(case_name(OWN_RANGES, workers), move |path, count| {
                own_ranges::written(workers, self.hasher, path, count)
            }),
            self.case(case_name(HASHED_BY_WRITER, workers), move |path, count| {
                stored::hashed_by_writer(workers, path, count)
            }),
        ];
        cases.extend(OPTIONS.map(|(name, blocks, depth)| {
            let options = IngestOptions::new()
                .buffer_tokens(blocks * BLOCK_TOKENS)
                .depth(depth);
            self.ingest_case(case_name(name, workers), workers, options)
        }));
        cases
    }

    fn ingest_case<'a>(
        &'a self,
        name: String,
        workers: &'a Workers,
        options: IngestOptions,
    ) -> Case<'a> {
        self.case(name, move |path, count| {
            stored::ingested(workers, &options, path, count)
        })
    }

    fn case<'a, R: Readable + 'a>(
        &'a self,
        name: impl Into<String>,
        write: impl Fn(&Path, usize) -> Result<R> + 'a,
    ) -> Case<'a> {
        let path = self.scratch.file("tokens");
        let work = Durable::new(path, self.count, self.teams.all(), write);
        Case::new(name, self.count, work)
    }

    fn ratios(&self) -> Vec<Ratio> {
        let mut ratios = Vec::new();
        for workers in self.teams.iter() {
            let ingest = case_name("ingest", workers);
            for (base, bar) in BARS {
                ratios.push(Ratio::new(ingest.clone(), base, bar));
            }
        }
        ratios.extend(self.teams.scaling("ingest", None));
        for (base, bar) in &BARS[1..] {
            ratios.push(Ratio::new("append-with", *base, *bar));
        }
        let all = self.teams.all();
        let alternatives = [OWN_RANGES, HASHED_BY_WRITER].into_iter();
        for name in alternatives.chain(OPTIONS.map(|(name, ..)| name)) {
            let ingest = case_name("ingest", all);
            ratios.push(Ratio::new(case_name(name, all), ingest, None));
        }
        ratios
    }
}

/// How many times as fast a store must be written as each of the others.
const BARS: [(&str, Option<f64>); 4] = [
    ("append-with", None),
    ("mmap-sparse", Some(1.7)),
    ("bufwriter", Some(1.4)),
    ("pwrite-early", Some(0.92)),
];

const OWN_RANGES: &str = "own-ranges";
const HASHED_BY_WRITER: &str = "hashed-by-writer";

/// Buffers other than those of `ingest`, one thing changed at a time: a name, the blocks of a
/// buffer, and the depth.
const OPTIONS: [(&str, usize, usize); 5] = [
    ("buffers-256k", 1, 4),
    ("buffers-4m", 16, 4),
    ("depth-0", 4, 0),
    ("depth-2", 4, 2),
    ("depth-16", 4, 16),
];

/// Few and single runs: one takes a quarter of a second at 10M tokens, and longer to prepare and to
/// read back.
const PACE: Pace = Pace {
    samples: 10,
    warm_up: Duration::from_millis(1),
    measurement: Duration::from_millis(500),
    round_iterations: 1,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_runs_tiny() {
        let folder = tempfile::tempdir().unwrap();
        for (count, threads) in [(1, 1), (1_000, 2), (50_000, 2), (10_000, 3)] {
            let threads = NonZeroUsize::new(threads).unwrap();
            let ingest = Ingest::new(count, threads, folder.path()).unwrap();
            crate::suite::check(ingest.suite());
        }
        let left = folder.path().read_dir().unwrap();
        assert_eq!(left.count(), 0);
    }

    #[test]
    fn the_default_buffers_are_among_none_of_the_others() {
        let default = IngestOptions::new();
        for (name, blocks, depth) in OPTIONS {
            let options = IngestOptions::new()
                .buffer_tokens(blocks * BLOCK_TOKENS)
                .depth(depth);
            assert_ne!(options, default, "{name}");
        }
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let refused = Ingest::new(1, NonZeroUsize::MIN, Path::new("/no/such/folder"));
        let error = format!("{:#}", refused.err().unwrap());
        assert!(error.contains("/no/such/folder"), "{error}");
    }
}
