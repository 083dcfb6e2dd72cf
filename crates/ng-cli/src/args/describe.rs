//! `ng describe`: what can be told, and of which tokens.

use std::path::PathBuf;

use clap::Args;
use ng_query::Filter;

use super::query::{Columns, WayArgs, parse_columns, parse_filter};

pub(crate) const HELP: &str = "\
Tells what the file is; the range, mean and quantiles of each column with a histogram, from
the least value to the greatest; how often each entity type, domain and flag occurs; which
tokens are not valid by the strict rules, and which ids come more than once.

Quantiles are exact. NaN is left out of all that is told of weights, and counted. A block
character of a histogram is as high as its bin is full, and blank if that is empty.

The file is mapped: nobody may truncate it or write over committed tokens meanwhile. With
--verified it is read instead, and every block is verified, in each of about five passes.

With --html there is a page of it, too, for any browser: one file that loads no other. It
takes two more passes, and one that verifies every block.

Examples:
  ng describe a.ngt
  ng describe a.ngt --where object
  ng describe a.ngt --columns weight,timestamp,physical
  ng describe a.ngt --verified --skip-damaged --json
  ng describe a.ngt --html a.html

Exit codes:
  0    described, or who reads standard output has gone
  1    a damaged block or another error, with --html any bad block; or described from an older commit where a newer
       one may be lost, or without the damaged blocks that --skip-damaged left out
  2    usage, a filter that cannot be read among it
  130  interrupted";

#[derive(Debug, Args)]
pub(crate) struct DescribeArgs {
    /// The token file
    pub(crate) file: PathBuf,

    /// Describe the tokens that a filter matches, such as `weight > 0.9 and object`
    #[arg(long = "where", value_name = "FILTER", value_parser = parse_filter)]
    #[arg(allow_hyphen_values = true)]
    pub(crate) filter: Option<Filter>,

    /// Describe these columns alone: names, and spaces for their three
    #[arg(long, value_name = "COLUMNS", value_parser = parse_columns)]
    pub(crate) columns: Option<Columns>,

    /// Write a page of HTML, too: histograms, maps of each space, tokens over time, what the
    /// index covers, and which blocks are bad; for that every block is verified
    #[arg(long, value_name = "PAGE")]
    pub(crate) html: Option<PathBuf>,

    /// Replace PAGE if it exists
    #[arg(long, requires = "html")]
    pub(crate) replace: bool,

    #[command(flatten)]
    pub(crate) way: WayArgs,
}
