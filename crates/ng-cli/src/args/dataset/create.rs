use std::path::PathBuf;

use clap::Args;

use super::stream::StreamArgs;
use crate::args::table::Misused;

pub(super) const HELP: &str = "\
Examples:
  ng dataset create a.ngd
  ng dataset create a.ngd --tag source=robot-7 --tag run=12
  ng dataset create a.ngd --from a.ngt --roll 4M

Exit codes:
  0    created
  1    an error: there is no new dataset, or with --from one that has what was read
       until then; or the report could not be written
  2    usage
  130  interrupted: with --from, the new dataset has what was read until then";

#[derive(Debug, Args)]
pub(crate) struct DatasetCreateArgs {
    /// The folder to create; an empty one is taken
    pub(crate) path: PathBuf,

    /// Note a text by a name
    #[arg(long = "tag", value_name = "NAME=TEXT", value_parser = parse_tag)]
    pub(crate) tags: Vec<Tag>,

    /// Also append raw 64-byte records, columns or a token file; `-` is standard input
    #[arg(long, value_name = "INPUT")]
    pub(crate) from: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) stream: StreamArgs,
}

impl DatasetCreateArgs {
    pub(crate) fn check(&self) -> Result<(), Misused> {
        match &self.from {
            Some(from) => self.stream.from_args.check(from),
            None => self.stream.check_unused(),
        }
    }
}

/// A text by its name.
#[derive(Clone, Debug)]
pub(crate) struct Tag {
    pub(crate) name: String,
    pub(crate) text: String,
}

fn parse_tag(text: &str) -> Result<Tag, &'static str> {
    match text.split_once('=') {
        Some((name, text)) if !name.is_empty() => Ok(Tag {
            name: name.to_owned(),
            text: text.to_owned(),
        }),
        _ => Err("expected NAME=TEXT, such as source=robot-7"),
    }
}
