use std::path::PathBuf;

use clap::Args;

pub(super) const HELP: &str = "\
Examples:
  ng dataset create a.ngd
  ng dataset create a.ngd --tag source=robot-7 --tag run=12

Exit codes:
  0    created
  1    an error: there is no new dataset; or the report could not be written
  2    usage";

#[derive(Debug, Args)]
pub(crate) struct DatasetCreateArgs {
    /// The folder to create; an empty one is taken
    pub(crate) path: PathBuf,

    /// Note a text by a name
    #[arg(long = "tag", value_name = "NAME=TEXT", value_parser = parse_tag)]
    pub(crate) tags: Vec<Tag>,
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
