//! The arguments of `ng describe`.

use std::path::PathBuf;

use clap::Args;
use ng_query::Filter;

use super::query::{Columns, WayArgs, parse_columns, parse_filter};

pub(crate) const HELP: &str = "\
Shows what the file is; the range, mean and quantiles of each column, with a histogram from
the least value to the greatest; how often each entity type, domain and flag occurs; and how
many tokens are not valid by the strict rules or repeat an id.

Quantiles are exact. NaN is left out of all figures of weights, and counted. In a histogram
the height of a block character shows how full its bin is; an empty bin is blank.

The file is mapped: nobody may truncate it or write over committed tokens meanwhile. With
--verified it is read instead, and every block is verified, in each of about five passes.

--html also writes a page for any browser: a single file that loads no other. It takes two
more passes, and one that verifies every block.

Examples:
  ng describe a.ngt
  ng describe a.ngt --where object
  ng describe a.ngt --columns weight,timestamp,physical
  ng describe a.ngt --verified --skip-damaged --json
  ng describe a.ngt --html a.html

Exit codes:
  0    described, or the reader of standard output closed it
  1    a damaged block or another error, with --html any bad block; or described from
       an older commit because a newer one may be lost, or without the damaged blocks
       that --skip-damaged left out
  2    usage, including a filter that cannot be parsed
  130  interrupted";

#[derive(Debug, Args)]
pub(crate) struct DescribeArgs {
    /// The token file, or the folder of a dataset
    pub(crate) file: PathBuf,

    /// Describe only the tokens that a filter matches, such as `weight > 0.9 and object`
    #[arg(long = "where", value_name = "FILTER", value_parser = parse_filter)]
    #[arg(allow_hyphen_values = true)]
    pub(crate) filter: Option<Filter>,

    /// Describe only these columns: names, and spaces for their three
    #[arg(long, value_name = "COLUMNS", value_parser = parse_columns)]
    pub(crate) columns: Option<Columns>,

    /// Also write a page of HTML: histograms, maps of each space, tokens over time, what the
    /// index covers, and which blocks are bad, for which every block is verified
    #[arg(long, value_name = "PAGE")]
    pub(crate) html: Option<PathBuf>,

    /// Replace PAGE if it exists
    #[arg(long, requires = "html")]
    pub(crate) replace: bool,

    #[command(flatten)]
    pub(crate) way: WayArgs,
}
