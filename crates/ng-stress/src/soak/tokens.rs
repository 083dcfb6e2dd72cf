//! Appends, commits, scans, lookups and reopenings of one mapped file.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, Instant};

use ng_lab::Failure;
use ng_lab::rng::SplitMix64;
use ng_lab::soak::{Extent, Kind, Operations, SoakJob, Verified};
use ng_store::{
    BlockReader, CreateOptions, MmapStore, TokenSink, TokenStore, VerifyBlocks, WriteError,
};

use crate::own_file::OwnFile;
use crate::proof::sum_ids;
use crate::soak::sequence::Sequence;

/// Tokens of an append: 16 KiB.
const APPEND_TOKENS: usize = 256;
/// Tokens of a lookup, each at a random position.
const LOOKUP_TOKENS: usize = 64;
/// Tokens of a scan, at a random position: 4 MiB. A file starts with as many, so that scans
/// have the same length in new and old files.
const SCAN_TOKENS: u64 = 65_536;

/// The share of a file that counts as full: it has room for a few more appends.
const FULL: f64 = 0.9;
/// Tokens per append when a file is filled: a block.
const FILL_TOKENS: usize = 4096;

/// The kinds by their index in [`KINDS`].
const LOOKUP: usize = 0;
const APPEND: usize = 1;
const SCAN: usize = 2;
const COMMIT: usize = 3;
const REOPEN: usize = 4;

/// The kinds, with weights such that none takes most of the time: the slower, the rarer.
const KINDS: [Kind; 5] = [
    Kind {
        name: "lookup",
        about: "64 tokens at random positions, each compared",
        weight: 900,
    },
    Kind {
        name: "append",
        about: "256 tokens at the end, not yet durable",
        weight: 80,
    },
    Kind {
        name: "scan",
        about: "the ids of 65536 tokens in order, or of half a smaller file; their sum compared",
        weight: 12,
    },
    Kind {
        name: "commit",
        about: "makes appended tokens durable and visible",
        weight: 6,
    },
    Kind {
        name: "reopen",
        about: "closes the file, which drops uncommitted tokens, and reopens it for appending",
        weight: 2,
    },
];

/// The token file of a soak.
pub(super) struct TokenSoak {
    file: OwnFile,
    store: Option<MmapStore>,
    /// Its number, from 0.
    number: u64,
    seed: u64,
    sequence: Sequence,
    most_tokens: u64,
    /// Tokens of a scan, and of a new file.
    scan_tokens: usize,
    /// Whether the disk had no room for the last append.
    disk_is_full: bool,
}

impl TokenSoak {
    pub(super) fn begin(job: &SoakJob) -> Result<Self, Failure> {
        let seed = job.plan.seed;
        let mut soak = Self {
            file: OwnFile::handed_over(job.dir.join("tokens")),
            store: None,
            number: 0,
            seed,
            sequence: Sequence::of_file(0, seed),
            most_tokens: job.most_items,
            scan_tokens: SCAN_TOKENS.min(job.most_items / 2).max(1) as usize,
            disk_is_full: false,
        };
        soak.create()?;
        Ok(soak)
    }

    /// Creates a file with the tokens of a scan, replacing the old one, if any.
    fn create(&mut self) -> Result<(), Failure> {
        let options = CreateOptions::new()
            .max_tokens(self.most_tokens)
            .replace(self.store.is_some());
        // A locked file cannot be replaced.
        self.store = None;
        self.sequence = Sequence::of_file(self.number, self.seed);
        let sequence = self.sequence;
        let mut store = self.file.create(&options)?;
        store.append_with(self.scan_tokens, |index| sequence.token(index))?;
        store.commit()?;
        self.store = Some(store);
        self.disk_is_full = false;
        Ok(())
    }

    fn store(&self) -> Result<&MmapStore, Failure> {
        let store = self.store.as_ref();
        store.ok_or_else(|| "no file: an earlier operation failed".into())
    }

    fn store_mut(&mut self) -> Result<&mut MmapStore, Failure> {
        let store = self.store.as_mut();
        store.ok_or_else(|| "no file: an earlier operation failed".into())
    }

    fn lookup(&self, rng: &mut SplitMix64) -> Result<u64, Failure> {
        let tokens = self.store()?.tokens();
        for _ in 0..LOOKUP_TOKENS {
            let position = rng.below(tokens.len() as u64) as usize;
            if tokens[position] != self.sequence.token(position) {
                return Err(self.wrong(&format!("token {position}")));
            }
        }
        Ok(LOOKUP_TOKENS as u64)
    }

    fn append(&mut self, tokens: usize) -> Result<u64, Failure> {
        let (sequence, most) = (self.sequence, self.most_tokens);
        let store = self.store_mut()?;
        let first = store.appended_tokens();
        let count = tokens.min((most - first) as usize);
        let token = |index| sequence.token(first as usize + index);
        match store.append_with(count, token) {
            Ok(()) => Ok(count as u64),
            // The append changed nothing: a new file may have room.
            Err(WriteError::NoSpace { .. } | WriteError::FileTooLarge { .. })
                if first > self.scan_tokens as u64 =>
            {
                self.disk_is_full = true;
                Ok(0)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn scan(&self, rng: &mut SplitMix64) -> Result<u64, Failure> {
        let tokens = self.store()?.tokens();
        let places = tokens.len() - self.scan_tokens + 1;
        let first = rng.below(places as u64) as usize;
        let range = first..first + self.scan_tokens;
        let (found, expected) = (
            sum_ids(&tokens[range.clone()]),
            self.sequence.id_sum(range.clone()),
        );
        if found != expected {
            let what = format!("tokens {range:?}: sum of ids {found}, expected {expected}");
            return Err(self.wrong(&what));
        }
        Ok(self.scan_tokens as u64)
    }

    fn commit(&mut self) -> Result<u64, Failure> {
        let store = self.store_mut()?;
        let (shown, appended) = (store.len() as u64, store.appended_tokens());
        store.commit()?;
        let found = store.len() as u64;
        if found != appended {
            let what = format!("{found} tokens after a commit of {appended}");
            return Err(self.wrong(&what));
        }
        Ok(found - shown)
    }

    fn reopen(&mut self) -> Result<u64, Failure> {
        let committed = self.store()?.len();
        self.store = None;
        let store = self.file.open_append()?;
        let found = store.len();
        let clean = store.recovery().is_empty();
        self.store = Some(store);
        if found != committed || !clean {
            let what = format!("{found} tokens after reopening {committed}, clean: {clean}");
            return Err(self.wrong(&what));
        }
        Ok(0)
    }

    fn wrong(&self, what: &str) -> Failure {
        format!("wrong: file {}, {what}", self.number + 1).into()
    }

    /// What is wrong with the committed tokens: verifies the file's hashes, and compares the
    /// mapped tokens with what was written.
    fn wrong_tokens(&self) -> Result<Option<String>, Failure> {
        let report = BlockReader::open(self.file.path())?.verify()?;
        if !report.is_clean() {
            let (bad, blocks) = (report.bad.len(), report.blocks);
            let table = report.table_matches;
            return Ok(Some(format!(
                "{bad} of {blocks} blocks do not have their hash, table as committed: {table}"
            )));
        }
        let tokens = self.store()?.tokens();
        let wrong = tokens
            .iter()
            .enumerate()
            .filter(|(position, token)| **token != self.sequence.token(*position));
        let positions: Vec<usize> = wrong.map(|(position, _)| position).collect();
        Ok(positions.first().map(|first| {
            let count = positions.len();
            format!("{count} tokens are not those that were written, the first at {first}")
        }))
    }
}

impl Operations for TokenSoak {
    fn kinds(&self) -> Vec<Kind> {
        KINDS.to_vec()
    }

    fn run(&mut self, kind: usize, rng: &mut SplitMix64) -> Result<u64, Failure> {
        match kind {
            LOOKUP => self.lookup(rng),
            APPEND => self.append(APPEND_TOKENS),
            SCAN => self.scan(rng),
            COMMIT => self.commit(),
            REOPEN => self.reopen(),
            other => Err(format!("no kind {other}").into()),
        }
    }

    fn extent(&self) -> Result<Extent, Failure> {
        // The kernel counts blocks of 512 bytes on any file system.
        let blocks = fs::metadata(self.file.path())?.blocks();
        Ok(Extent {
            items: self.store()?.len() as u64,
            disk_bytes: 512 * blocks,
            renewals: self.number,
        })
    }

    fn must_renew(&self) -> Option<String> {
        let appended = self.store.as_ref()?.appended_tokens();
        if self.disk_is_full {
            Some(format!("no room on the disk at {appended} tokens"))
        } else if appended >= self.most_tokens {
            Some(format!("{appended} tokens"))
        } else {
            None
        }
    }

    fn renew(&mut self) -> Result<(), Failure> {
        self.number += 1;
        self.create()
    }

    fn fill(&mut self, time: Duration) -> Result<(), Failure> {
        let start = Instant::now();
        let most = (self.most_tokens as f64 * FULL) as u64;
        while self.store()?.appended_tokens() + FILL_TOKENS as u64 <= most
            && start.elapsed() < time
            && !self.disk_is_full
        {
            self.append(FILL_TOKENS)?;
        }
        self.commit().map(drop)
    }

    fn verify(&mut self) -> Result<Verified, Failure> {
        Ok(Verified {
            items: self.store()?.len() as u64,
            wrong: self
                .wrong_tokens()?
                .map(|wrong| format!("file {}: {wrong}", self.number + 1)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    use ng_lab::soak::SoakPlan;

    fn soak(dir: &Path, most_items: u64) -> TokenSoak {
        let job = SoakJob {
            protocol: 1,
            reply_fd: 0,
            dir: dir.to_owned(),
            on: "file".to_owned(),
            most_items,
            plan: SoakPlan::lasting(Duration::from_secs(1)),
        };
        TokenSoak::begin(&job).unwrap()
    }

    #[test]
    fn work_in_any_order_passes_its_checks_and_restarts_when_the_file_is_full() {
        let folder = tempfile::tempdir().unwrap();
        let mut soak = soak(folder.path(), 20_000);
        let mut rng = SplitMix64::new(5);
        for _ in 0..2000 {
            if soak.must_renew().is_some() {
                assert_eq!(soak.verify().unwrap().wrong, None);
                soak.renew().unwrap();
            }
            // Mostly appends, so that files become full.
            let kind =
                [APPEND, APPEND, APPEND, LOOKUP, SCAN, COMMIT, REOPEN][rng.below(7) as usize];
            soak.run(kind, &mut rng).unwrap();
        }
        let extent = soak.extent().unwrap();
        assert!(extent.renewals >= 3, "{extent:?}");
        assert!(extent.items <= 20_000 && extent.disk_bytes >= 64 * extent.items);
        let verified = soak.verify().unwrap();
        assert_eq!((verified.items, verified.wrong), (extent.items, None));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_was_not_committed_is_dropped_and_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut soak = soak(folder.path(), 100_000);
        let committed = soak.store().unwrap().len() as u64;
        soak.append(APPEND_TOKENS).unwrap();
        soak.reopen().unwrap();
        assert_eq!(soak.store().unwrap().appended_tokens(), committed);
        soak.append(APPEND_TOKENS).unwrap();
        assert_eq!(soak.commit().unwrap(), APPEND_TOKENS as u64);
        assert_eq!(soak.verify().unwrap().wrong, None);
    }

    #[test]
    fn a_file_is_filled_to_nine_tenths_or_until_time_runs_out() {
        let folder = tempfile::tempdir().unwrap();
        let mut soak = soak(folder.path(), 100_000);
        soak.fill(Duration::ZERO).unwrap();
        assert_eq!(soak.store().unwrap().len(), soak.scan_tokens);
        soak.fill(Duration::from_secs(3600)).unwrap();
        let filled = soak.store().unwrap().len();
        assert!((86_000..=90_000).contains(&filled), "{filled}");
        assert_eq!(soak.verify().unwrap().wrong, None);
    }

    /// Changes mapped bytes behind the store's back, to see that it is detected.
    #[test]
    fn every_check_finds_a_wrong_token() {
        use std::os::unix::fs::FileExt;

        let folder = tempfile::tempdir().unwrap();
        let mut soak = soak(folder.path(), 2_000);
        let offset = soak.store().unwrap().info().data_offset + 48;
        let file = fs::File::options().write(true).open(soak.file.path());
        // The id of token 0.
        file.unwrap().write_all_at(&[0xFF; 4], offset).unwrap();
        let wrong = soak.verify().unwrap().wrong.unwrap();
        assert!(wrong.starts_with("file 1: 1 of 1 blocks"), "{wrong}");
        let mut rng = SplitMix64::new(5);
        let scan = (0..5000).find_map(|_| soak.scan(&mut rng).err());
        assert!(scan.unwrap().to_string().contains("sum of ids"));
        let lookup = (0..5000).find_map(|_| soak.lookup(&mut rng).err());
        assert_eq!(lookup.unwrap().to_string(), "wrong: file 1, token 0");
        assert!(soak.reopen().is_err());
    }

    /// Tokens of an earlier file have valid hashes.
    #[test]
    fn another_file_in_place_of_the_written_one_is_detected() {
        let folder = tempfile::tempdir().unwrap();
        let mut soak = soak(folder.path(), 2_000);
        soak.sequence = Sequence::of_file(1, soak.seed);
        let wrong = soak.verify().unwrap().wrong.unwrap();
        assert_eq!(
            wrong,
            "file 1: 1000 tokens are not those that were written, the first at 0"
        );
    }

    #[test]
    fn names_match_the_indices_of_their_kinds() {
        let names = [LOOKUP, APPEND, SCAN, COMMIT, REOPEN].map(|kind| KINDS[kind].name);
        assert_eq!(names, ["lookup", "append", "scan", "commit", "reopen"]);
    }
}
