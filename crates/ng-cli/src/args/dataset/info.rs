use std::path::PathBuf;

use clap::Args;

pub(super) const HELP: &str = "\
Reads the manifest, and of each open tail what is before its tokens.

Examples:
  ng dataset info a.ngd
  ng dataset info a.ngd --shards
  ng dataset info a.ngd --generation 7 --json

Exit codes:
  0    shown
  1    the newest generation or an open tail is damaged, and what is left is shown; or
       the dataset cannot be opened
  2    usage";

#[derive(Debug, Args)]
pub(crate) struct DatasetInfoArgs {
    /// The dataset
    pub(crate) path: PathBuf,

    /// Also list the shards
    #[arg(long)]
    pub(crate) shards: bool,

    /// Show this generation instead of the newest
    #[arg(long, value_name = "N")]
    pub(crate) generation: Option<u64>,
}
