use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use ng_query::order::Order;

use super::{CacheArgs, parse_threads};
use crate::count::parse_bytes;

/// What `ng sort --help` shows after the options.
pub(super) const HELP: &str = "\
An order is a space (physical, sensory, motor, emotional, cognitive, social, temporal,
abstract), which sorts along a Hilbert curve of its steps; time, id, weight or any other
column; or a list of them, such as entity_type,time, of 64 bits at most. Equal tokens keep
their order, -0.0 equals 0.0, and weights that are NaN come last.

Tokens that fit in --memory are sorted there. Otherwise they go through temporary files: two
reads and two writes of the disk, which needs room for the tokens twice over.

Examples:
  ng sort a.ngt b.ngt --by physical
  ng sort a.ngt b.ngt --by entity_type,time --replace
  ng sort a.ngt b.ngt --by id --memory 512M --temp /var/tmp

Exit codes:
  0    sorted
  1    an error, or a damaged block, which is named: there is no new file, and an old
       one is unchanged; or the report could not be written
  2    usage
  130  interrupted: as after an error; from when the file has its name it stays, without
       an index";

#[derive(Debug, Args)]
pub(crate) struct SortArgs {
    /// The token file to sort, which is not changed
    pub(crate) source: PathBuf,

    /// The token file to create, another than the one to sort
    pub(crate) destination: PathBuf,

    /// A space, time, id, weight, another column, or a list of them
    #[arg(long, value_name = "ORDER")]
    pub(crate) by: Order,

    /// Bytes of memory for tokens, keys and buffers [default: half of what is available]
    #[arg(long, value_name = "BYTES", value_parser = parse_bytes, allow_hyphen_values = true)]
    pub(crate) memory: Option<u64>,

    /// A folder for temporary files [default: that of the new file]
    #[arg(long, value_name = "DIR")]
    pub(crate) temp: Option<PathBuf>,

    /// Replace an existing file; for a symbolic link, its target
    #[arg(long)]
    pub(crate) replace: bool,

    /// Threads that read, sort and hash [default: all of the machine's]
    #[arg(long, value_name = "N", value_parser = parse_threads, allow_hyphen_values = true)]
    pub(crate) threads: Option<NonZeroUsize>,

    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}
