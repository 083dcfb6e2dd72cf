use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use ng_query::Column;
use ng_query::index::BuildOptions;
use ng_query::ng_arrow::nearest_name;
use ng_token::Space;

use super::query::{Columns, parse_columns};
use super::{CacheArgs, parse_threads};

pub(crate) const HELP: &str = "\
The index is a folder beside the file, FILE.index: Arrow files, which other programs can
read in place. It is derived from the file and may be deleted at any time. It covers full
blocks of 4096 tokens; queries look for what is appended later in the file itself, until the
same command brings the index up to date. What it has once is kept up.

Examples:
  ng index a.ngt
  ng index a.ngt --columns weight,physical,timestamp
  ng index a.ngt --ids --boxes physical
  ng index a.ngt --columns weight --only    (drops all but that)
  ng index a.ngt --info --json
  ng index a.ngt --drop

Exit codes:
  0    brought up to date, shown, or dropped; there may have been nothing to do
  1    damaged blocks were left unindexed; or an error, and the index is unchanged; or
       the report could not be written
  2    usage
  130  interrupted: the index is as it was";

#[derive(Debug, Args)]
pub(crate) struct IndexArgs {
    /// The token file
    pub(crate) file: PathBuf,

    #[command(flatten)]
    pub(crate) build: BuildArgs,

    /// Show what there is, and build nothing
    #[arg(long, conflicts_with_all = ["columns", "ids", "boxes", "only", "rebuild", "threads", "drop"])]
    pub(crate) info: bool,

    /// Remove the index
    #[arg(long, conflicts_with_all = ["columns", "ids", "boxes", "only", "rebuild", "threads"])]
    pub(crate) drop: bool,
}

/// What an index is to have, and how it is built.
#[derive(Debug, Args)]
pub(crate) struct BuildArgs {
    /// Columns to keep as arrays, by name; the name of a space means its three
    #[arg(long, value_name = "NAMES", value_parser = parse_stored)]
    columns: Vec<Columns>,

    /// Keep all ids sorted, with their positions: 12 bytes a token
    #[arg(long)]
    ids: bool,

    /// Spaces to keep boxes of every 64 tokens in, for files in the order of the space
    #[arg(long, value_name = "SPACES", value_delimiter = ',', value_parser = parse_space)]
    boxes: Vec<Space>,

    /// Drop everything not asked for here
    #[arg(long)]
    only: bool,

    /// Make everything anew, whatever exists
    #[arg(long)]
    rebuild: bool,

    /// Threads that read, hash and write [default: all of the machine's]
    #[arg(long, value_name = "N", value_parser = parse_threads, allow_hyphen_values = true)]
    pub(crate) threads: Option<NonZeroUsize>,

    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

impl BuildArgs {
    /// What the index is to have.
    pub(crate) fn options(&self) -> BuildOptions {
        let columns = self.columns.iter().flat_map(|columns| &columns.0);
        BuildOptions::new()
            .columns(columns.copied())
            .boxes(self.boxes.iter().copied())
            .ids(self.ids)
            .only(self.only)
            .rebuild(self.rebuild)
    }
}

/// Columns that can be stored; `all` means all of them.
fn parse_stored(names: &str) -> Result<Columns, String> {
    let Columns(mut columns) = parse_columns(names).map_err(|error| error.to_string())?;
    if names
        .split(',')
        .any(|name| name.trim() == Column::Position.name())
    {
        return Err("positions are counted, not stored".to_owned());
    }
    columns.retain(|column| *column != Column::Position);
    Ok(Columns(columns))
}

fn parse_space(name: &str) -> Result<Space, String> {
    let found = Space::ALL.into_iter().find(|space| space.name() == name);
    let names = Space::ALL.map(Space::name);
    found.ok_or_else(|| match nearest_name(name, names) {
        Some(nearest) => format!("no space of that name, did you mean `{nearest}`?"),
        None => format!(
            "no space of that name, expected one of {}",
            names.join(", ")
        ),
    })
}
