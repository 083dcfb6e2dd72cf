use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use ng_dataset::CollectOptions;

use super::amount::parse_time;
use crate::count::parse_count;

pub(super) const HELP: &str = "\
Removes old generations, and the files that no other generation names. What somebody reads
stays, and goes next time. Readers on this machine are seen by their locks; --older is for
those on other machines.

Examples:
  ng dataset gc a.ngd
  ng dataset gc a.ngd --older 0s
  ng dataset gc a.ngd --keep 10 --dry-run

Exit codes:
  0    removed, or there was nothing to remove
  1    an error, such as a damaged manifest that is kept; or the report could not be
       written
  2    usage";

#[derive(Debug, Args)]
pub(crate) struct DatasetGcArgs {
    /// The dataset
    pub(crate) path: PathBuf,

    /// Keep this many generations, however old [default: 1]
    #[arg(long, value_name = "N", value_parser = parse_count, allow_hyphen_values = true)]
    #[arg(conflicts_with = "keep_from")]
    keep: Option<u64>,

    /// Keep this generation and all after it
    #[arg(long, value_name = "GENERATION")]
    keep_from: Option<u64>,

    /// Keep what was the newest generation within this time [default: 1h]
    #[arg(long, value_name = "TIME", value_parser = parse_age)]
    older: Option<Duration>,

    /// Change nothing, and tell what would go
    #[arg(long)]
    pub(crate) dry_run: bool,
}

impl DatasetGcArgs {
    pub(crate) fn options(&self) -> CollectOptions {
        let mut options = CollectOptions::new().dry_run(self.dry_run);
        if let Some(generations) = self.keep {
            options = options.keep(generations);
        }
        if let Some(generation) = self.keep_from {
            options = options.keep_from(generation);
        }
        match self.older {
            Some(older) => options.older(older),
            None => options,
        }
    }
}

/// None is a time here.
fn parse_age(text: &str) -> Result<Duration, &'static str> {
    match text {
        "0" | "0s" => Ok(Duration::ZERO),
        text => parse_time(text).ok_or("expected a time such as 0s, 30m or 7d"),
    }
}
