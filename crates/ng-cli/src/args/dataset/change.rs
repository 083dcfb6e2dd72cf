//! What changes tokens: `update`, `delete`, `upsert`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use ng_dataset::ChangeOptions;
use ng_query::{Assignments, Filter, ParseAssignmentsError};

use crate::args::query::parse_filter;
use crate::args::table::{FromArgs, Misused};
use crate::args::{CacheArgs, parse_threads};

pub(super) const UPDATE: &str = "\
Writes anew only the shards that have a token to change, as one new generation: readers see
all of it or nothing. Every right side of --set sees the token as it was. Of an open tail,
what is committed is changed; its writer goes on.

Examples:
  ng dataset update a.ngd --where weight>0.9 --set weight=weight*0.5
  ng dataset update a.ngd --where object --set active=true,physical_x=0 --dry-run

Exit codes:
  0    changed, or there was nothing to change
  1    an error: nothing was changed, unless it says that the outcome is unknown; or the
       report could not be written
  2    usage, a filter or an assignment that cannot be read among it
  130  interrupted: nothing was changed";

pub(super) const DELETE: &str = "\
Writes anew only the shards that have a token to delete, as one new generation; one of which
nothing is left goes. The old generation keeps them until `ng dataset gc`.

Examples:
  ng dataset delete a.ngd --where weight<0.1
  ng dataset delete a.ngd --where active --dry-run

Exit codes:
  0    deleted, or there was nothing to delete
  1    an error: nothing was deleted, unless it says that the outcome is unknown; or the
       report could not be written
  2    usage, a filter that cannot be read among it
  130  interrupted: nothing was deleted";

pub(super) const UPSERT: &str = "\
Puts each token in the place of the first one with its id, and the others behind all, as one
new generation. Further tokens with one of the ids are deleted; of several with one id in
the input, the last one counts. The input is kept in memory.

Examples:
  ng dataset upsert a.ngd changes.ngt
  ng dataset upsert a.ngd changes.parquet --dry-run
  generator | ng dataset upsert a.ngd -

Exit codes:
  0    done
  1    an error: nothing was changed, unless it says that the outcome is unknown; or the
       report could not be written
  2    usage
  130  interrupted: nothing was changed";

/// What all changes have.
#[derive(Debug, Args)]
pub(crate) struct ChangeArgs {
    /// Count what would change, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Refuse to change any other generation than this one
    #[arg(long, value_name = "N")]
    base: Option<u64>,

    /// Threads that look for tokens and hash [default: all of the machine's]
    #[arg(long, value_name = "N", value_parser = parse_threads, allow_hyphen_values = true)]
    pub(crate) threads: Option<NonZeroUsize>,

    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

impl ChangeArgs {
    pub(crate) fn options(&self) -> ChangeOptions {
        let options = ChangeOptions::new()
            .dry_run(self.dry_run)
            .cache(self.cache.policy());
        match self.base {
            Some(generation) => options.base(generation),
            None => options,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct DatasetUpdateArgs {
    /// The dataset
    pub(crate) path: PathBuf,

    /// The tokens to change, by a filter such as `weight > 0.9 and object`
    #[arg(long = "where", value_name = "FILTER", value_parser = parse_filter)]
    #[arg(allow_hyphen_values = true)]
    pub(crate) filter: Filter,

    /// What to store in them, such as `weight = weight * 0.5, active = true`
    #[arg(long, value_name = "ASSIGNMENTS", value_parser = parse_assignments)]
    #[arg(allow_hyphen_values = true)]
    pub(crate) set: Assignments,

    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DatasetDeleteArgs {
    /// The dataset
    pub(crate) path: PathBuf,

    /// The tokens to delete, by a filter such as `weight < 0.1`
    #[arg(long = "where", value_name = "FILTER", value_parser = parse_filter)]
    #[arg(allow_hyphen_values = true)]
    pub(crate) filter: Filter,

    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DatasetUpsertArgs {
    /// The dataset
    pub(crate) path: PathBuf,

    /// Raw 64-byte records, columns or a token file; `-` is standard input
    pub(crate) from: PathBuf,

    #[command(flatten)]
    pub(crate) from_args: FromArgs,

    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

impl DatasetUpsertArgs {
    pub(crate) fn check(&self) -> Result<(), Misused> {
        self.from_args.check(&self.from)
    }
}

/// The message contains the assignments, on their own lines.
fn parse_assignments(text: &str) -> Result<Assignments, Box<ParseAssignmentsError>> {
    text.parse().map_err(Box::new)
}
