//! The arguments of `ng dataset`, one verb per file.

mod create;
mod info;
mod reads;

use clap::Subcommand;

pub(crate) use create::DatasetCreateArgs;
pub(crate) use info::DatasetInfoArgs;

use super::{DescribeArgs, ExportArgs, HeadArgs, QueryArgs};

#[derive(Debug, Subcommand)]
pub(crate) enum DatasetVerb {
    /// Create an empty dataset
    #[command(after_help = create::HELP)]
    Create(DatasetCreateArgs),
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
