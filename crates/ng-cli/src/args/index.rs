use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use ng_query::Column;
use ng_query::index::BuildOptions;
use ng_token::{Axis, Space};

use super::{CacheArgs, parse_threads};

pub(crate) const HELP: &str = "\
The index lies beside the file, in FILE.index: Arrow files, which other programs can read
where they lie. It is derived from the file and may be deleted at any time. It covers full
blocks of 4096 tokens; what is appended later is looked for in the file itself until the
index is brought up to date by the same command. What it has once is kept up.

Examples:
  ng index a.ngt
  ng index a.ngt --columns weight,physical,timestamp
  ng index a.ngt --ids --boxes physical
  ng index a.ngt --columns weight --only    (drops all but that)
  ng index a.ngt --info --json
  ng index a.ngt --drop

Exit codes:
  0    brought up to date, told, or dropped; there may have been nothing to do
  1    blocks are damaged, and were left unindexed; or an error, and the index is as it
       was; or the report could not be written
  2    usage
  130  interrupted: the index is as it was";

#[derive(Debug, Args)]
pub(crate) struct IndexArgs {
    /// The token file
    pub(crate) file: PathBuf,

    /// Columns to have as arrays, by name; the name of a space means its three
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = parse_columns)]
    columns: Vec<Columns>,

    /// Have all ids sorted, with their positions: 12 bytes a token
    #[arg(long)]
    ids: bool,

    /// Spaces to have the boxes of each 64 tokens in, for files in the order of the space
    #[arg(long, value_name = "SPACES", value_delimiter = ',', value_parser = parse_space)]
    boxes: Vec<Space>,

    /// Drop what is not asked for here
    #[arg(long)]
    only: bool,

    /// Make all of it anew, whatever there is
    #[arg(long)]
    rebuild: bool,

    /// Tell what there is, and build nothing
    #[arg(long, conflicts_with_all = ["columns", "ids", "boxes", "only", "rebuild", "threads", "drop"])]
    pub(crate) info: bool,

    /// Remove the index
    #[arg(long, conflicts_with_all = ["columns", "ids", "boxes", "only", "rebuild", "threads"])]
    pub(crate) drop: bool,

    /// Threads that read, hash and write [default: all of the machine's]
    #[arg(long, value_name = "N", value_parser = parse_threads, allow_hyphen_values = true)]
    pub(crate) threads: Option<NonZeroUsize>,

    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

impl IndexArgs {
    /// What the index shall have.
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

/// What one name means.
#[derive(Clone, Debug)]
struct Columns(Vec<Column>);

fn parse_columns(name: &str) -> Result<Columns, String> {
    if let Ok(space) = parse_space(name) {
        let columns = Axis::ALL.map(|axis| Column::Coordinate(space, axis));
        return Ok(Columns(columns.to_vec()));
    }
    let stored = || {
        Column::ALL
            .into_iter()
            .filter(|column| *column != Column::Position)
    };
    match stored().find(|column| column.name() == name) {
        Some(column) => Ok(Columns(vec![column])),
        None => {
            let names = stored()
                .map(Column::name)
                .chain(Space::ALL.map(Space::name));
            Err(unknown(name, "column", names))
        }
    }
}

fn parse_space(name: &str) -> Result<Space, String> {
    let found = Space::ALL.into_iter().find(|space| space.name() == name);
    found.ok_or_else(|| unknown(name, "space", Space::ALL.map(Space::name).into_iter()))
}

/// Names the nearest one.
fn unknown(name: &str, what: &str, names: impl Iterator<Item = &'static str>) -> String {
    let nearest = names.min_by_key(|known| strsim::damerau_levenshtein(name, known));
    format!(
        "no {what} of that name, the nearest is {}",
        nearest.unwrap_or_default()
    )
}
