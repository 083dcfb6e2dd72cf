use std::path::PathBuf;

use clap::Args;

use crate::args::BuildArgs;

pub(super) const HELP: &str = "\
Builds the index of each sealed shard, beside it, or brings it up to date, as `ng index` does
for a file. Shards that are written later have none but the extremes of their blocks until
this is called again.

Examples:
  ng dataset index a.ngd --columns weight,physical
  ng dataset index a.ngd --ids --boxes physical --threads 2

Exit codes:
  0    brought up to date; there may have been nothing to do
  1    damaged blocks were left unindexed; or an error, and the indexes of the shards
       before are built; or the report could not be written
  2    usage
  130  interrupted: the indexes of the shards before are built";

#[derive(Debug, Args)]
pub(crate) struct DatasetIndexArgs {
    /// The dataset
    pub(crate) path: PathBuf,

    #[command(flatten)]
    pub(crate) build: BuildArgs,
}
