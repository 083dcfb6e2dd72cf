use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use ng_dataset::{ChangeOptions, CollectOptions, Dataset};
use ng_lab::{Pages, touch_and_free};
use ng_parallel::Workers;
use ng_query::{Assignments, Filter};
use ng_store::{BlockReader, CreateOptions, FileWriter, TokenSink};

use super::{created, shard_tokens};
use crate::fill::token;
use crate::scratch::{Scratch, remove_for_good};
use crate::size::bytes_of;
use crate::{Case, Ratio, Work};

/// How many shards there are: one has 1 % of the tokens.
const SHARDS: usize = 100;

/// What is assigned in turn, so that every update changes every token.
const SETS: [&str; 2] = ["weight = 0.25", "weight = 0.75"];

const UPDATE: &str = "update-a-shard";
const COPY: &str = "copy-a-shard";

/// A dataset, the shard in the middle of which is changed.
pub(super) struct Updates {
    dataset: Dataset,
    copy: PathBuf,
    shards: usize,
    /// Position and id of the first token of the shard, and how many it has.
    first: usize,
    tokens: usize,
}

impl Updates {
    pub(super) fn new(count: usize, scratch: &Scratch) -> Result<Self> {
        let shard = shard_tokens(count, SHARDS);
        let dataset = created(&scratch.file("updated.ngd"), count, shard, token)?;
        let shards = count.div_ceil(shard);
        let first = shards / 2 * shard;
        Ok(Self {
            dataset,
            copy: scratch.file("copy.ngt"),
            shards,
            first,
            tokens: shard.min(count - first),
        })
    }

    pub(super) fn shards(&self) -> usize {
        self.shards
    }

    /// One thread edits and writes; another one of each reads ahead.
    pub(super) fn cases<'a>(&'a self, workers: &'a Workers) -> [Case<'a>; 2] {
        let update = Update {
            of: self,
            workers,
            done: 0,
        };
        [
            Case::new(UPDATE, self.tokens, update),
            Case::new(COPY, self.tokens, Copy { of: self }),
        ]
    }

    pub(super) fn ratios() -> [Ratio; 1] {
        [Ratio::new(UPDATE, COPY, None)]
    }

    /// Removes what the last runs left, and has the host provide the memory for the pages of a
    /// shard. The same for both cases.
    fn prepare(&self) -> Result<()> {
        remove_for_good(&self.copy)?;
        self.dataset
            .collect(&CollectOptions::new().older(Duration::ZERO))?;
        touch_and_free(bytes_of(self.tokens), Pages::Huge, 1)?;
        Ok(())
    }

    fn filter(&self) -> Result<Filter> {
        let (first, end) = (self.first, self.first + self.tokens);
        Ok(format!("id >= {first} and id < {end}").parse()?)
    }
}

/// Changes every token of the shard; the zones rule the others out.
struct Update<'a> {
    of: &'a Updates,
    workers: &'a Workers,
    done: usize,
}

impl Work for Update<'_> {
    type Output = u64;

    fn prepare(&mut self) -> Result<()> {
        self.of.prepare()
    }

    fn run(&mut self) -> Result<u64> {
        let set: Assignments = SETS[self.done % SETS.len()].parse()?;
        let (filter, options) = (self.of.filter()?, ChangeOptions::new());
        let report = self
            .of
            .dataset
            .update(self.workers, &filter, &set, &options)?;
        self.done += 1;
        anyhow::ensure!(report.shards_rewritten == 1, "{report:?}");
        Ok(report.changed)
    }

    fn checksum(&self, output: u64) -> Result<u64> {
        Ok(output)
    }

    fn expected(&self) -> u64 {
        self.of.tokens as u64
    }
}

/// Copies the tokens of the shard into a new file, verified and durable.
struct Copy<'a> {
    of: &'a Updates,
}

impl Work for Copy<'_> {
    type Output = u64;

    fn prepare(&mut self) -> Result<()> {
        self.of.prepare()
    }

    fn run(&mut self) -> Result<u64> {
        let snapshot = self.of.dataset.snapshot()?;
        let reader = snapshot.open_shard(self.of.shards / 2)?;
        let mut copy = FileWriter::create(&self.of.copy, &CreateOptions::new())?;
        copy.reserve_exact(reader.len())?;
        reader.for_each(0..reader.len(), |tokens| -> Result<()> {
            Ok(copy.append(tokens)?)
        })?;
        copy.commit()?;
        Ok(copy.committed_tokens())
    }

    fn checksum(&self, output: u64) -> Result<u64> {
        Ok(output.min(BlockReader::open(&self.of.copy)?.len()))
    }

    fn expected(&self) -> u64 {
        self.of.tokens as u64
    }
}
