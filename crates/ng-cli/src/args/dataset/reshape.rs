//! What moves tokens between shards: `sort`, `reshard`, `compact`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{ArgGroup, Args};
use ng_dataset::{CompactOptions, ReshardOptions, SortOptions};
use ng_query::order::Order;

use crate::args::parse_threads;
use crate::count::{parse_bytes, parse_count};

pub(super) const SORT: &str = "\
Sorts all sealed shards as one, by the orders of `ng sort`, in a new generation. Open tails
stay as they are, behind the sorted rows. What does not fit in --memory goes through
temporary files in the dataset's folder.

Examples:
  ng dataset sort a.ngd --by physical
  ng dataset sort a.ngd --by entity_type,time --memory 512M --tokens 4M

Exit codes:
  0    sorted
  1    an error, or a damaged block, which is named: the generation of before stands; or
       the report could not be written
  2    usage
  130  interrupted: the generation of before stands";

pub(super) const RESHARD: &str = "\
Cuts all sealed shards anew, in the same order, in a new generation. Limits are rounded up to
whole blocks of 4096 tokens. Open tails stay as they are.

Examples:
  ng dataset reshard a.ngd --tokens 4M
  ng dataset reshard a.ngd --shards 16

Exit codes:
  0    cut
  1    an error, or a damaged block, which is named: the generation of before stands; or
       the report could not be written
  2    usage
  130  interrupted: the generation of before stands";

pub(super) const COMPACT: &str = "\
Puts small shards that are next to each other together, in a new generation; the order of
the tokens stays, and so do large shards and open tails.

Examples:
  ng dataset compact a.ngd
  ng dataset compact a.ngd --smaller-than 1M --target 4M

Exit codes:
  0    done, or there was nothing to do
  1    an error, or a damaged block, which is named: the generation of before stands; or
       the report could not be written
  2    usage
  130  interrupted: the generation of before stands";

#[derive(Debug, Args)]
pub(crate) struct DatasetSortArgs {
    /// The dataset
    pub(crate) path: PathBuf,

    /// A space, time, id, weight, another column, or a list of them
    #[arg(long, value_name = "ORDER")]
    by: Order,

    /// Bytes of memory for tokens, keys and buffers [default: half of what is available]
    #[arg(long, value_name = "BYTES", value_parser = parse_bytes, allow_hyphen_values = true)]
    memory: Option<u64>,

    /// Tokens of a new shard [default: 2^24]
    #[arg(long, value_name = "N", value_parser = parse_some, allow_hyphen_values = true)]
    tokens: Option<u64>,

    #[command(flatten)]
    pub(crate) threads: ThreadsArg,
}

impl DatasetSortArgs {
    pub(crate) fn options(&self) -> SortOptions {
        let mut options = SortOptions::by(self.by.clone());
        if let Some(bytes) = self.memory {
            options = options.memory_bytes(bytes);
        }
        match self.tokens {
            Some(tokens) => options.shard_tokens(tokens),
            None => options,
        }
    }
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("lengths").required(true).args(["tokens", "shards"]))]
pub(crate) struct DatasetReshardArgs {
    /// The dataset
    pub(crate) path: PathBuf,

    /// Cut shards of this many tokens
    #[arg(long, value_name = "N", value_parser = parse_some, allow_hyphen_values = true)]
    tokens: Option<u64>,

    /// Cut this many shards
    #[arg(long, value_name = "N", value_parser = parse_some, allow_hyphen_values = true)]
    shards: Option<u64>,

    #[command(flatten)]
    pub(crate) threads: ThreadsArg,
}

impl DatasetReshardArgs {
    pub(crate) fn options(&self) -> ReshardOptions {
        match (self.tokens, self.shards) {
            (Some(tokens), _) => ReshardOptions::tokens(tokens),
            (None, Some(shards)) => ReshardOptions::shards(shards),
            (None, None) => ReshardOptions::default(),
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct DatasetCompactArgs {
    /// The dataset
    pub(crate) path: PathBuf,

    /// Put shards of fewer tokens together [default: half of --target]
    #[arg(long, value_name = "N", value_parser = parse_some, allow_hyphen_values = true)]
    smaller_than: Option<u64>,

    /// The most tokens of a new shard [default: 2^24]
    #[arg(long, value_name = "N", value_parser = parse_some, allow_hyphen_values = true)]
    target: Option<u64>,

    #[command(flatten)]
    pub(crate) threads: ThreadsArg,
}

impl DatasetCompactArgs {
    pub(crate) fn options(&self) -> CompactOptions {
        let mut options = CompactOptions::new();
        if let Some(tokens) = self.target {
            options = options.target(tokens);
        }
        match self.smaller_than {
            Some(tokens) => options.smaller_than(tokens),
            None => options,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct ThreadsArg {
    /// Threads that read, write and hash [default: all of the machine's]
    #[arg(long, value_name = "N", value_parser = parse_threads, allow_hyphen_values = true)]
    pub(crate) threads: Option<NonZeroUsize>,
}

fn parse_some(text: &str) -> Result<u64, &'static str> {
    let count = parse_count(text).ok().filter(|count| *count > 0);
    count.ok_or("expected a whole number from 1 on, such as 16, 100k or 4M")
}
