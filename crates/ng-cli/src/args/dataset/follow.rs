use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use ng_dataset::{Cursor, FollowOptions};

use super::amount::parse_time;

pub(super) const HELP: &str = "\
Writes the tokens of each writer in their order, from the oldest that is kept, and then what
is committed later: as raw 64-byte records if standard output is no terminal, as JSON lines
otherwise. Standard error shows at the end how many there were, and the cursor: with --from
CURSOR another follower goes on there.

If retention removed tokens before they were read, a line on standard error says how many
at once, and the exit code is 1. What is changed or deleted later is not told again.

Examples:
  ng dataset follow a.ngd | consumer
  ng dataset follow a.ngd --from now --format jsonl
  ng dataset follow a.ngd --until-closed | ng create b.ngt --from -

Exit codes:
  0    ended by --until-closed or --timeout, or the reader of standard output closed it
  1    retention was faster; or an error
  2    usage
  130  interrupted";

#[derive(Debug, Args)]
pub(crate) struct DatasetFollowArgs {
    /// The dataset
    pub(crate) path: PathBuf,

    /// Where to begin: `start`, `now`, or the cursor of another follower
    #[arg(long, value_name = "PLACE", default_value = "start", value_parser = parse_from)]
    from: FollowFrom,

    /// End when no writer is left and all is told; at the earliest after a second, so that
    /// a writer that is started at the same time is waited for
    #[arg(long)]
    until_closed: bool,

    /// End when nothing came for this time, such as 10s
    #[arg(long, value_name = "TIME", value_parser = parse_timeout)]
    pub(crate) timeout: Option<Duration>,

    /// How to write the tokens [default: raw, or jsonl on a terminal and with --json]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<FollowFormat>,
}

impl DatasetFollowArgs {
    pub(crate) fn options(&self) -> FollowOptions {
        let options = FollowOptions::new().until_closed(self.until_closed);
        match &self.from {
            FollowFrom::Start => options,
            FollowFrom::Now => options.from_now(),
            FollowFrom::Cursor(cursor) => options.from_cursor(cursor.clone()),
        }
    }
}

#[derive(Clone, Debug)]
enum FollowFrom {
    Start,
    Now,
    Cursor(Cursor),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FollowFormat {
    /// Plain 64-byte records
    Raw,
    /// A JSON object a line
    Jsonl,
    /// Comma-separated lines, the names first
    Csv,
}

fn parse_from(text: &str) -> Result<FollowFrom, String> {
    match text {
        "start" => Ok(FollowFrom::Start),
        "now" => Ok(FollowFrom::Now),
        text => text.parse().map(FollowFrom::Cursor).map_err(|error| {
            format!("{error}; expected `start`, `now` or the cursor that a follower ended with")
        }),
    }
}

fn parse_timeout(text: &str) -> Result<Duration, &'static str> {
    parse_time(text).ok_or("expected a time such as 10s (units ms, s, m, h, d, w)")
}
