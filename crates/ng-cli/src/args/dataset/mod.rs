//! The arguments of `ng dataset`, one verb per file.

mod amount;
mod append;
mod care;
mod change;
mod create;
mod follow;
mod gc;
mod history;
mod index;
mod info;
mod reads;
mod reshape;
mod stream;

use clap::Subcommand;

pub(crate) use append::{DatasetAppendArgs, join_retained};
pub(crate) use care::{DatasetRepairArgs, DatasetVerifyArgs};
pub(crate) use change::{ChangeArgs, DatasetDeleteArgs, DatasetUpdateArgs, DatasetUpsertArgs};
pub(crate) use create::DatasetCreateArgs;
pub(crate) use follow::{DatasetFollowArgs, FollowFormat};
pub(crate) use gc::DatasetGcArgs;
pub(crate) use history::{DatasetCheckoutArgs, DatasetLogArgs};
pub(crate) use index::DatasetIndexArgs;
pub(crate) use info::DatasetInfoArgs;
pub(crate) use reshape::{DatasetCompactArgs, DatasetReshardArgs, DatasetSortArgs};
pub(crate) use stream::StreamArgs;

use super::table::Misused;
use super::{DescribeArgs, ExportArgs, HeadArgs, QueryArgs};

#[derive(Debug, Subcommand)]
pub(crate) enum DatasetVerb {
    /// Create a dataset, empty or from an input
    #[command(after_help = create::HELP)]
    Create(DatasetCreateArgs),
    /// Append a stream of tokens, cut into shards
    #[command(after_help = append::HELP)]
    Append(DatasetAppendArgs),
    /// Write what is there and what is appended later to standard output
    #[command(after_help = follow::HELP)]
    Follow(DatasetFollowArgs),
    /// Change tokens that a filter matches
    #[command(after_help = change::UPDATE)]
    Update(DatasetUpdateArgs),
    /// Delete tokens that a filter matches
    #[command(after_help = change::DELETE)]
    Delete(DatasetDeleteArgs),
    /// Put tokens in the place of those with the same ids, and add the others
    #[command(after_help = change::UPSERT)]
    Upsert(DatasetUpsertArgs),
    /// Sort all shards as one
    #[command(after_help = reshape::SORT)]
    Sort(DatasetSortArgs),
    /// Cut the shards anew
    #[command(after_help = reshape::RESHARD)]
    Reshard(DatasetReshardArgs),
    /// Put small shards together
    #[command(after_help = reshape::COMPACT)]
    Compact(DatasetCompactArgs),
    /// Build the index of each shard, or bring it up to date
    #[command(after_help = index::HELP)]
    Index(DatasetIndexArgs),
    /// Check all that a generation names
    #[command(after_help = care::VERIFY)]
    Verify(DatasetVerifyArgs),
    /// Replace damaged shards by what is whole of them
    #[command(after_help = care::REPAIR)]
    Repair(DatasetRepairArgs),
    /// List the generations
    #[command(after_help = history::LOG)]
    Log(DatasetLogArgs),
    /// Make an old generation the newest again
    #[command(after_help = history::CHECKOUT)]
    Checkout(DatasetCheckoutArgs),
    /// Remove old generations, and files that no other names
    #[command(after_help = gc::HELP)]
    Gc(DatasetGcArgs),
    /// Show what a dataset says about itself
    #[command(after_help = info::HELP)]
    Info(DatasetInfoArgs),
    /// Query the tokens: filters, counts, measures, the top, look-up by id
    #[command(after_help = reads::QUERY)]
    Query(Box<QueryArgs>),
    /// Show what the tokens are like: ranges, means and histograms of their columns
    #[command(after_help = reads::DESCRIBE)]
    Describe(DescribeArgs),
    /// Show tokens
    #[command(after_help = reads::HEAD)]
    Head(HeadArgs),
    /// Write tokens, verified, as columns for other tools
    #[command(after_help = reads::EXPORT)]
    Export(Box<ExportArgs>),
}

impl DatasetVerb {
    /// Refuses contradictions that clap accepted; `json` is whether the answer is for programs.
    pub(super) fn check(&self, json: bool) -> Result<(), Misused> {
        match self {
            Self::Create(args) => args.check(),
            Self::Append(args) => args.check(),
            Self::Upsert(args) => args.check(),
            Self::Query(args) => args.check(json),
            Self::Export(args) => args.check(),
            _ => Ok(()),
        }
    }

    /// Tells whether an existing file is to be replaced.
    pub(super) fn replaces(&self) -> bool {
        match self {
            Self::Query(args) => args.replace,
            Self::Describe(args) => args.replace,
            Self::Export(args) => args.replace,
            _ => false,
        }
    }
}
