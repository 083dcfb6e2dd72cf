//! What finds and replaces damage: `verify`, `repair`.

use std::path::PathBuf;

use clap::Args;
use ng_dataset::{RepairOptions, VerifyOptions};

use super::reshape::ThreadsArg;
use crate::args::generation::GenerationArg;

pub(super) const VERIFY: &str = "\
Checks every manifest, and every block, commit and zone of the shards that the newest
generation names, or another one.

Examples:
  ng dataset verify a.ngd
  ng dataset verify a.ngd --generation 7 --json --threads 4

Exit codes:
  0    sound
  1    damaged, or the dataset cannot be read
  2    usage
  130  interrupted";

pub(super) const REPAIR: &str = "\
Verifies the newest generation that can be read, and publishes one in which damaged shards are
replaced: bad blocks become zero tokens, so that rows keep their numbers. No file is changed
or removed.

Examples:
  ng dataset repair a.ngd --dry-run
  ng dataset repair a.ngd --compact
  ng dataset repair a.ngd --drop-missing --recover-orphans

Exit codes:
  0    there was nothing to repair, or it was repaired without any loss
  1    tokens are lost, or may be; or damage is left; or an error, and the generation of
       before stands
  2    usage
  130  interrupted: the generation of before stands";

#[derive(Debug, Args)]
pub(crate) struct DatasetVerifyArgs {
    /// The dataset
    pub(crate) path: PathBuf,

    #[command(flatten)]
    generation: GenerationArg,

    #[command(flatten)]
    pub(crate) threads: ThreadsArg,
}

impl DatasetVerifyArgs {
    pub(crate) fn options(&self) -> VerifyOptions {
        match self.generation.generation {
            Some(generation) => VerifyOptions::new().generation(generation),
            None => VerifyOptions::new(),
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct DatasetRepairArgs {
    /// The dataset
    pub(crate) path: PathBuf,

    /// Leave bad blocks out instead of putting zero tokens in their place
    #[arg(long)]
    compact: bool,

    /// Seal the tails that writers left which died
    #[arg(long)]
    close_tails: bool,

    /// Give up shards that are not there, or of which nothing can be read
    #[arg(long)]
    drop_missing: bool,

    /// Append sound shards that no generation names: those of a damaged manifest, but also
    /// those of a change that died before it was done; look at them with --dry-run first
    #[arg(long)]
    recover_orphans: bool,

    /// Change nothing, and tell what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,

    #[command(flatten)]
    pub(crate) threads: ThreadsArg,
}

impl DatasetRepairArgs {
    pub(crate) fn options(&self) -> RepairOptions {
        RepairOptions::new()
            .leave_out(self.compact)
            .close_tails(self.close_tails)
            .drop_missing(self.drop_missing)
            .recover_orphans(self.recover_orphans)
            .dry_run(self.dry_run)
    }
}
