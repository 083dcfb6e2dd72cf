//! A dataset that is written, followed, queried and changed, and forgets its beginning.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ng_dataset::ng_parallel::Workers;
use ng_dataset::{
    ChangeOptions, CollectOptions, CreateOptions, Dataset, FollowOptions, Followed, Follower,
    Retention, Roll, Snapshot, Writer, WriterOptions,
};
use ng_lab::rng::{SplitMix64, mix};
use ng_lab::soak::{Extent, Kind, Operations, SoakJob, Verified};
use ng_lab::{Failure, kernel};
use ng_query::{Assignments, Column, Comparison, Filter, Measure, Query, Value};
use ng_store::BLOCK_TOKENS;
use ng_token::Token;

use crate::scenarios::dataset_bytes_of;
use crate::soak::model::{Chosen, Model, weight};

/// Sealed shards that are kept.
pub(super) const KEPT: u64 = 8;
/// Shards at once: those that are kept, the tail, the tail that is being sealed, one made
/// ahead, and what changes have replaced until it is collected.
pub(super) const SHARDS: u64 = KEPT + 8;

/// Tokens of an append: 16 KiB.
const APPEND_TOKENS: usize = 256;
/// Tokens of a lookup, each at a random position.
const LOOKUP_TOKENS: usize = 8;
/// Tokens of a scan, at a random position: 4 MiB.
const SCAN_TOKENS: usize = 65_536;
/// The most tokens that are told in one operation, and a batch more.
const FOLLOW_TOKENS: usize = 65_536;
/// The most tokens of a change.
const CHANGE_TOKENS: u64 = 1024;
/// Files that the process may have open besides those it began with: tails, folders, and
/// what the follower and a query have at once.
const OPEN_FILES: u64 = 64;

/// The kinds by their index in [`KINDS`].
const LOOKUP: usize = 0;
const APPEND: usize = 1;
const SCAN: usize = 2;
const FOLLOW: usize = 3;
const COMMIT: usize = 4;
const UPDATE: usize = 5;
const DELETE: usize = 6;
const COLLECT: usize = 7;
const REOPEN: usize = 8;

/// The kinds, with weights such that none takes most of the time: the slower, the rarer.
const KINDS: [Kind; 9] = [
    Kind {
        name: "lookup",
        about: "8 tokens at random positions of a new snapshot, each verified and compared",
        weight: 400,
    },
    Kind {
        name: "append",
        about: "256 tokens at the end, not yet durable, through rolls and retention",
        weight: 400,
    },
    Kind {
        name: "scan",
        about: "65536 tokens, or all of fewer, counted by their weight and their timestamps \
                summed by a query; both compared",
        weight: 40,
    },
    Kind {
        name: "follow",
        about: "what is new, up to 65536 tokens, each compared",
        weight: 40,
    },
    Kind {
        name: "commit",
        about: "makes appended tokens durable and visible",
        weight: 40,
    },
    Kind {
        name: "update",
        about: "the weight of up to 1024 neighbouring tokens, whose shard is rewritten",
        weight: 6,
    },
    Kind {
        name: "delete",
        about: "up to 1024 neighbouring tokens, whose shard is rewritten",
        weight: 3,
    },
    Kind {
        name: "collect",
        about: "removes the files that nothing needs any more",
        weight: 6,
    },
    Kind {
        name: "reopen",
        about: "drops the writer, which loses uncommitted tokens, and begins anew after taking \
                its tail over",
        weight: 2,
    },
];

/// The tokens of a shard if at most `most_tokens` are kept: whole blocks.
pub(super) fn shard_tokens(most_tokens: u64) -> u64 {
    let block = BLOCK_TOKENS as u64;
    (most_tokens / (KEPT + 1) / block * block).max(block)
}

/// The dataset of a soak, with one writer and one follower.
pub(super) struct DatasetSoak {
    path: PathBuf,
    held: Option<Held>,
    model: Model,
    shard_tokens: u64,
    workers: Workers,
    /// How often it was begun anew.
    number: u64,
    seed: u64,
    open_files_before: u64,
}

struct Held {
    dataset: Dataset,
    writer: Writer,
    follower: Follower,
}

impl DatasetSoak {
    pub(super) fn begin(job: &SoakJob) -> Result<Self, Failure> {
        let mut soak = Self {
            path: job.dir.join("tokens.ngd"),
            held: None,
            model: Model::new(1, 0, 0),
            shard_tokens: shard_tokens(job.most_items),
            workers: Workers::new(1)?,
            number: 0,
            seed: job.plan.seed,
            open_files_before: kernel::open_files().unwrap_or_default(),
        };
        soak.create()?;
        Ok(soak)
    }

    fn create(&mut self) -> Result<(), Failure> {
        let dataset = Dataset::create(&self.path, &CreateOptions::new())?;
        let writer = dataset.writer(&self.options())?;
        let follower = dataset.follow(&FollowOptions::new())?;
        self.held = Some(Held {
            dataset,
            writer,
            follower,
        });
        let first_id = mix(self.seed ^ self.number) as u32;
        self.model = Model::new(self.shard_tokens as usize, KEPT as usize, first_id);
        Ok(())
    }

    fn options(&self) -> WriterOptions {
        let roll = Roll {
            tokens: Some(self.shard_tokens),
            ..Roll::default()
        };
        let options = WriterOptions::new().roll(roll).take_over(true);
        options.retain(Retention::Shards(KEPT))
    }

    fn held(&mut self) -> Result<&mut Held, Failure> {
        let held = self.held.as_mut();
        held.ok_or_else(|| "no dataset: an earlier operation failed".into())
    }

    /// A snapshot after the last roll, whose length is that of the model.
    fn snapshot(&mut self) -> Result<Snapshot, Failure> {
        let held = self.held()?;
        held.writer.wait()?;
        let snapshot = held.dataset.snapshot()?;
        let (found, expected) = (snapshot.len(), self.model.len() as u64);
        match found == expected {
            true => Ok(snapshot),
            false => Err(wrong(&format!("{found} tokens, expected {expected}"))),
        }
    }

    fn lookup(&mut self, rng: &mut SplitMix64) -> Result<u64, Failure> {
        let snapshot = self.snapshot()?;
        if snapshot.is_empty() {
            return Ok(0);
        }
        for _ in 0..LOOKUP_TOKENS {
            let position = rng.below(snapshot.len());
            let place = snapshot.locate(position);
            let (shard, row) = place.ok_or_else(|| wrong(&format!("no position {position}")))?;
            let found = snapshot.open_shard(shard)?.get(row)?;
            if found != self.at(position) {
                return Err(wrong(&format!("token {position}: {found:?}")));
            }
        }
        Ok(LOOKUP_TOKENS as u64)
    }

    fn at(&self, position: u64) -> Option<Token> {
        let position = position as usize;
        self.model.tokens(position..position + 1).next()
    }

    fn append(&mut self, tokens: usize) -> Result<u64, Failure> {
        let count = tokens.min(self.model.room());
        let tokens = self.model.append(count);
        self.held()?.writer.append(&tokens)?;
        Ok(count as u64)
    }

    fn commit(&mut self) -> Result<u64, Failure> {
        self.held()?.writer.commit()?;
        Ok(self.model.commit() as u64)
    }

    fn scan(&mut self, rng: &mut SplitMix64) -> Result<u64, Failure> {
        let snapshot = self.snapshot()?;
        let count = SCAN_TOKENS.min(snapshot.len() as usize);
        let first = rng.below(snapshot.len() - count as u64 + 1);
        let least = weight(rng.below(256) as u8);
        let positions = first..first + count as u64;
        let query = Query::new(snapshot.source(), &self.workers);
        let query = query.positions_within(positions.clone());
        let found = [heavy(query.clone(), least)?, timestamps(&query)?];
        let mut expected = [0; 2];
        for token in self.model.tokens(first as usize..first as usize + count) {
            expected[0] += u64::from(token.weight() >= least);
            expected[1] += u64::from(token.timestamp());
        }
        match found == expected {
            true => Ok(count as u64),
            false => Err(wrong(&format!(
                "positions {positions:?}: {found:?} of weight {least} and as the sum of \
                 timestamps, expected {expected:?}"
            ))),
        }
    }

    fn follow(&mut self) -> Result<u64, Failure> {
        self.held()?.writer.wait()?;
        let mut told = 0;
        while told < FOLLOW_TOKENS {
            let held = self.held.as_mut().ok_or("no dataset")?;
            match held.follower.next(Duration::ZERO)? {
                Followed::Tokens(batch) => {
                    compare(batch.tokens, &mut self.model)?;
                    told += batch.tokens.len();
                }
                Followed::Gap { rows } if self.model.skip(rows) => {}
                Followed::Nothing if self.model.untold() == 0 => break,
                other => {
                    let untold = self.model.untold();
                    return Err(wrong(&format!(
                        "{other:?} where {untold} tokens are to be told"
                    )));
                }
            }
        }
        Ok(told as u64)
    }

    /// Neighbouring rows at a random place.
    fn choose(&mut self, rng: &mut SplitMix64) -> Result<Option<Chosen>, Failure> {
        self.held()?.writer.wait()?;
        let rows = 1 + rng.below(CHANGE_TOKENS) as usize;
        Ok(match self.model.len() {
            0 => None,
            count => self.model.choose(rng.below(count as u64) as usize, rows),
        })
    }

    fn update(&mut self, rng: &mut SplitMix64) -> Result<u64, Failure> {
        let Some(chosen) = self.choose(rng)? else {
            return Ok(0);
        };
        let steps = rng.below(256) as u8;
        let set: Assignments = format!("weight = {}", weight(steps)).parse()?;
        let (filter, options, workers) =
            (filter(&chosen)?, ChangeOptions::new(), self.workers.clone());
        let dataset = &self.held()?.dataset;
        let report = dataset.update(&workers, &filter, &set, &options)?;
        let found = [report.matched, report.changed];
        let changed = self.model.update(&chosen, steps) as u64;
        expect("matched and changed", found, [chosen.rows as u64, changed])
    }

    fn delete(&mut self, rng: &mut SplitMix64) -> Result<u64, Failure> {
        let Some(chosen) = self.choose(rng)? else {
            return Ok(0);
        };
        let (filter, options, workers) =
            (filter(&chosen)?, ChangeOptions::new(), self.workers.clone());
        let report = self.held()?.dataset.delete(&workers, &filter, &options)?;
        self.model.delete(&chosen);
        let rows = chosen.rows as u64;
        expect(
            "matched and deleted",
            [report.matched, report.deleted],
            [rows, rows],
        )
    }

    fn collect(&mut self) -> Result<u64, Failure> {
        let options = CollectOptions::new().older(Duration::ZERO);
        self.held()?.dataset.collect(&options)?;
        Ok(0)
    }

    fn reopen(&mut self) -> Result<u64, Failure> {
        let options = self.options();
        let held = self.held.take();
        let Held {
            dataset,
            writer,
            follower,
        } = held.ok_or("no dataset: an earlier operation failed")?;
        drop(writer);
        let writer = dataset.writer(&options)?;
        self.held = Some(Held {
            dataset,
            writer,
            follower,
        });
        self.model.reopen();
        Ok(0)
    }

    /// What is wrong with the committed tokens, which are all read and verified.
    fn wrong_tokens(&mut self) -> Result<Option<String>, Failure> {
        let snapshot = self.snapshot()?;
        if let [finding, ..] = snapshot.findings() {
            return Ok(Some(format!("{finding:?}")));
        }
        let [found, expected] = [snapshot.shards().len(), self.model.shards()];
        if found != expected {
            return Ok(Some(format!("{found} shards, expected {expected}")));
        }
        let mut expected = self.model.tokens(0..self.model.len());
        let mut wrong = Vec::new();
        let all = 0..snapshot.len();
        snapshot.for_each(all, |first, tokens| -> Result<(), Failure> {
            let pairs = (first..).zip(tokens);
            let others = pairs.filter(|(_, token)| expected.next().as_ref() != Some(*token));
            wrong.extend(others.map(|(position, _)| position));
            Ok(())
        })?;
        Ok(wrong.first().map(|first| {
            let count = wrong.len();
            format!("{count} tokens are not those that were written, the first at {first}")
        }))
    }

    /// What is too much: files that nothing needs, disk space, or open files.
    fn too_much(&mut self) -> Result<Option<String>, Failure> {
        self.collect()?;
        let shards = files_below(&self.path)?;
        let is_shard = |file: &&PathBuf| file.extension().is_some_and(|end| end == "ngt");
        let files = shards.iter().filter(is_shard).count();
        // The tail that is made ahead.
        let most = self.model.shards() + 1;
        if files > most {
            return Ok(Some(format!(
                "{files} files of tokens, expected {most} at most"
            )));
        }
        let (disk, most) = (disk_bytes_of(&shards)?, self.most_disk_bytes());
        if disk > most {
            return Ok(Some(format!(
                "{disk} bytes on the disk, expected {most} at most"
            )));
        }
        let most = self.open_files_before + OPEN_FILES;
        Ok(match kernel::open_files() {
            Ok(open) if open > most => Some(format!("{open} open files, expected {most} at most")),
            _ => None,
        })
    }

    fn most_disk_bytes(&self) -> u64 {
        // The tail and the one made ahead grow by an eighth.
        let tokens = (KEPT + 2) * self.shard_tokens + self.shard_tokens / 4;
        dataset_bytes_of(tokens, SHARDS)
    }
}

fn wrong(what: &str) -> Failure {
    format!("wrong: {what}").into()
}

/// Compares what was told with what comes next.
fn compare(tokens: &[Token], model: &mut Model) -> Result<(), Failure> {
    for token in tokens {
        let expected = model.tell();
        if expected != Some(*token) {
            return Err(wrong(&format!("{token:?} was told, expected {expected:?}")));
        }
    }
    Ok(())
}

/// The rows that were counted, if there are as many as expected.
fn expect(what: &str, found: [u64; 2], expected: [u64; 2]) -> Result<u64, Failure> {
    match found == expected {
        true => Ok(found[0]),
        false => Err(wrong(&format!("{found:?} {what}, expected {expected:?}"))),
    }
}

fn filter(chosen: &Chosen) -> Result<Filter, Failure> {
    let compare =
        |column, comparison, value: u32| Filter::compare(column, comparison, f64::from(value));
    let first = compare(Column::Id, Comparison::GreaterOrEqual, chosen.first_id)?;
    let last = compare(Column::Id, Comparison::LessOrEqual, chosen.last_id)?;
    Ok(compare(Column::Timestamp, Comparison::Equal, chosen.tail)? & first & last)
}

fn heavy(query: Query<'_>, least: f32) -> Result<u64, Failure> {
    let least = f64::from(least);
    let heavy = Filter::compare(Column::Weight, Comparison::GreaterOrEqual, least)?;
    Ok(query.filter(&heavy).count()?.value)
}

fn timestamps(query: &Query<'_>) -> Result<u64, Failure> {
    let groups = query.aggregate(&[], &[Measure::Sum(Column::Timestamp)])?;
    let first = groups.value.groups.first();
    match first.map(|group| &group.values[..]) {
        Some([Value::Integer(sum)]) => Ok(u64::try_from(*sum)?),
        // Of no tokens.
        _ => Ok(0),
    }
}

/// All files in a folder and in those below it.
fn files_below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            true => files.extend(files_below(&entry.path())?),
            false => files.push(entry.path()),
        }
    }
    Ok(files)
}

/// The disk space of files, but of those that are gone meanwhile.
fn disk_bytes_of(files: &[PathBuf]) -> io::Result<u64> {
    let of = |path: &PathBuf| match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        // The kernel counts blocks of 512 bytes on any file system.
        file => Ok(512 * file?.blocks()),
    };
    files.iter().map(of).sum()
}

impl Operations for DatasetSoak {
    fn kinds(&self) -> Vec<Kind> {
        KINDS.to_vec()
    }

    fn run(&mut self, kind: usize, rng: &mut SplitMix64) -> Result<u64, Failure> {
        match kind {
            LOOKUP => self.lookup(rng),
            APPEND => self.append(APPEND_TOKENS),
            SCAN => self.scan(rng),
            FOLLOW => self.follow(),
            COMMIT => self.commit(),
            UPDATE => self.update(rng),
            DELETE => self.delete(rng),
            COLLECT => self.collect(),
            REOPEN => self.reopen(),
            other => Err(format!("no kind {other}").into()),
        }
    }

    fn extent(&self) -> Result<Extent, Failure> {
        Ok(Extent {
            items: self.model.len() as u64,
            disk_bytes: disk_bytes_of(&files_below(&self.path)?)?,
            renewals: self.number,
        })
    }

    fn renew(&mut self) -> Result<(), Failure> {
        self.held = None;
        fs::remove_dir_all(&self.path)?;
        self.number += 1;
        self.create()
    }

    /// Until retention has dropped a shard: from then on it does not grow.
    fn fill(&mut self, time: Duration) -> Result<(), Failure> {
        let start = Instant::now();
        let most = (KEPT + 1) * self.shard_tokens;
        let mut filled = 0;
        while filled < most && start.elapsed() < time {
            filled += self.append(BLOCK_TOKENS)?;
        }
        self.commit().map(drop)
    }

    fn verify(&mut self) -> Result<Verified, Failure> {
        let wrong = match self.wrong_tokens()? {
            Some(wrong) => Some(wrong),
            None => self.too_much()?,
        };
        Ok(Verified {
            items: self.model.len() as u64,
            wrong,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use ng_lab::soak::SoakPlan;

    fn soak(dir: &Path) -> DatasetSoak {
        let job = SoakJob {
            protocol: 1,
            reply_fd: 0,
            dir: dir.to_owned(),
            on: "dataset".to_owned(),
            most_items: 1000,
            plan: SoakPlan::lasting(Duration::from_secs(1)),
        };
        DatasetSoak::begin(&job).unwrap()
    }

    #[test]
    fn work_in_any_order_agrees_with_the_model() {
        for seed in 0..3 {
            let folder = tempfile::tempdir().unwrap();
            let mut soak = soak(folder.path());
            let mut rng = SplitMix64::new(seed);
            for number in 0..700 {
                // Mostly appends, so that it rolls.
                let kind = match rng.below(3) {
                    0 => rng.below(KINDS.len() as u64) as usize,
                    _ => APPEND,
                };
                let done = soak.run(kind, &mut rng);
                done.unwrap_or_else(|error| {
                    panic!("seed {seed}, {number}, {}: {error}", KINDS[kind].name)
                });
            }
            soak.commit().unwrap();
            let rolls = soak.held().unwrap().writer.generation();
            assert!(rolls > 2 * KEPT, "seed {seed}: {rolls} generations");
            let verified = soak.verify().unwrap();
            assert_eq!(verified.wrong, None, "seed {seed}");
            assert_eq!(verified.items, soak.extent().unwrap().items);
            soak.renew().unwrap();
            assert_eq!(soak.verify().unwrap().items, 0);
        }
    }

    #[test]
    fn it_is_filled_until_a_shard_is_dropped_or_time_runs_out() {
        let folder = tempfile::tempdir().unwrap();
        let mut soak = soak(folder.path());
        soak.fill(Duration::ZERO).unwrap();
        assert_eq!(soak.model.len(), 0);
        soak.fill(Duration::from_secs(3600)).unwrap();
        assert_eq!(soak.model.len() as u64, KEPT * BLOCK_TOKENS as u64);
        assert_eq!(soak.verify().unwrap().wrong, None);
        // The beginning is gone before it was told.
        soak.follow().unwrap();
        assert_eq!(soak.model.untold(), 0);
    }

    /// Each check, with a model that says something else.
    #[test]
    fn what_is_not_as_the_model_says_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let mut soak = soak(folder.path());
        let mut rng = SplitMix64::new(5);
        soak.append(100).unwrap();
        soak.commit().unwrap();
        soak.reopen().unwrap();
        let chosen = soak.model.choose(20, 100).unwrap();
        soak.model.update(&chosen, 1);
        let wrong = soak.wrong_tokens().unwrap().unwrap();
        assert_eq!(
            wrong,
            "80 tokens are not those that were written, the first at 20"
        );
        let lookup = (0..100).find_map(|_| soak.lookup(&mut rng).err());
        let lookup = lookup.unwrap().to_string();
        assert!(lookup.starts_with("wrong: token "), "{lookup}");
        let scan = (0..100).find_map(|_| soak.scan(&mut rng).err());
        assert!(scan.unwrap().to_string().contains("sum of timestamps"));
        soak.model.skip(1);
        let told = soak.follow().unwrap_err().to_string();
        assert!(told.contains("was told, expected"), "{told}");
        soak.model.reopen();
        assert_eq!(soak.wrong_tokens().unwrap(), Some(wrong));
        soak.append(1).unwrap();
        soak.commit().unwrap();
        let chosen = soak.model.choose(100, 1).unwrap();
        soak.model.update(&chosen, 1);
        let wrong = soak.wrong_tokens().unwrap().unwrap();
        assert_eq!(wrong, "2 shards, expected 3");
        soak.model.append(1);
        soak.model.commit();
        let snapshot = soak.snapshot().unwrap_err().to_string();
        assert_eq!(snapshot, "wrong: 101 tokens, expected 102");
    }

    #[test]
    fn files_that_nothing_needs_and_open_ones_that_grow_in_number_are_too_much() {
        let folder = tempfile::tempdir().unwrap();
        let mut soak = soak(folder.path());
        assert_eq!(soak.too_much().unwrap(), None);
        let open: Vec<fs::File> = (0..=OPEN_FILES)
            .map(|_| fs::File::open(folder.path()).unwrap())
            .collect();
        let told = soak.too_much().unwrap().unwrap();
        assert!(told.contains("open files"), "{told}");
        drop(open);
        for name in ["one.ngt", "two.ngt"] {
            fs::write(folder.path().join("tokens.ngd/shards").join(name), "").unwrap();
        }
        let told = soak.too_much().unwrap().unwrap();
        assert_eq!(told, "3 files of tokens, expected 2 at most");
    }

    #[test]
    fn names_match_the_indices_of_their_kinds() {
        let kinds = [
            LOOKUP, APPEND, SCAN, FOLLOW, COMMIT, UPDATE, DELETE, COLLECT, REOPEN,
        ];
        let names = kinds.map(|kind| KINDS[kind].name);
        let expected = [
            "lookup", "append", "scan", "follow", "commit", "update", "delete", "collect", "reopen",
        ];
        assert_eq!(names, expected);
    }
}
