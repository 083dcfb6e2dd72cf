use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::Args;

use super::amount::SHARDS;
use super::stream::{PaceArgs, StreamArgs};
use crate::args::table::Misused;

pub(super) const HELP: &str = "\
Appends what a pipe gives until it ends, in memory that does not grow: to a tail of its own,
so that several can append at once. A tail becomes a shard at --roll. What is committed is
durable, and seen by readers. Without INPUT, standard input is read. A token file is read,
too; other files as by `ng append`.

Tails that writers left which died are closed first: what was committed in them stays.

Examples:
  ng dataset append a.ngd records.raw
  generator | ng dataset append a.ngd --roll 4M --commit-every 1s --retain 5 shards
  generator | ng dataset append a.ngd --create --roll 256MiB --roll 10m --retain 7d
  ng dataset append a.ngd --from more.parquet
  ng dataset append a.ngd day1.ngt

Exit codes:
  0    appended, committed, and the last shard sealed
  1    an error: what was committed stays, and the report says how much; or tails of
       writers that died are damaged and stay open
  2    usage
  130  interrupted: what had been read is committed, and the last shard sealed";

#[derive(Debug, Args)]
pub(crate) struct DatasetAppendArgs {
    /// The dataset
    pub(crate) path: PathBuf,

    /// Raw 64-byte records, columns or a token file; `-` is standard input [default: -]
    input: Option<PathBuf>,

    /// The same as INPUT
    #[arg(long, value_name = "INPUT", conflicts_with = "input")]
    from: Option<PathBuf>,

    /// Create the dataset if there is none
    #[arg(long)]
    pub(crate) create: bool,

    #[command(flatten)]
    pub(crate) stream: StreamArgs,

    #[command(flatten)]
    pub(crate) pace: PaceArgs,
}

impl DatasetAppendArgs {
    pub(crate) fn input(&self) -> &Path {
        let given = self.input.as_deref().or(self.from.as_deref());
        given.unwrap_or(Path::new("-"))
    }

    pub(crate) fn check(&self) -> Result<(), Misused> {
        self.stream.from_args.check(self.input())
    }
}

/// Makes one argument of `--retain 5 shards`.
pub(crate) fn join_retained(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut joined: Vec<OsString> = Vec::new();
    for argument in arguments {
        let is_word = SHARDS.iter().any(|word| argument == *word);
        match &mut joined[..] {
            [.., option, number] if is_word && option == "--retain" && is_number(number) => {
                number.push(" ");
                number.push(argument);
            }
            [.., option] if is_word && is_retained_number(option) => {
                option.push(" ");
                option.push(argument);
            }
            _ => joined.push(argument),
        }
    }
    joined
}

fn is_number(text: &OsStr) -> bool {
    let digits = text.as_encoded_bytes();
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

fn is_retained_number(text: &OsStr) -> bool {
    let number = text
        .to_str()
        .and_then(|text| text.strip_prefix("--retain="));
    number.is_some_and(|number| is_number(number.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_shards_may_be_two_words() {
        for (given, expected) in [
            ("--retain 5 shards x", vec!["--retain", "5 shards", "x"]),
            ("--retain=1 shard", vec!["--retain=1 shard"]),
            ("--retain 7d shards", vec!["--retain", "7d", "shards"]),
            ("5 shards", vec!["5", "shards"]),
            ("--roll 5 shards", vec!["--roll", "5", "shards"]),
        ] {
            let words = given.split(' ').map(OsString::from);
            assert_eq!(join_retained(words), expected, "{given}");
        }
    }
}
