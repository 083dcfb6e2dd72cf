//! `bench`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::PassedOn;
use crate::cargo::cargo;
use crate::peers;

#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// Compare with other stores instead: [--tokens N] [--dir PATH] [--rounds N] [--seed N]
    #[arg(long)]
    peers: bool,

    #[command(flatten)]
    passed_on: PassedOn,
}

pub(crate) fn bench(args: &BenchArgs) -> Result<ExitCode> {
    let (peers, passed_on) = peers_of(args);
    if peers {
        return peers::measure(&passed_on);
    }
    let arguments = ["bench", "--package", "ng-benches"].into_iter();
    cargo(arguments.chain(passed_on))?;
    Ok(ExitCode::SUCCESS)
}

/// Whether the peers are meant, and what is passed on: `--peers` may stand behind
/// other options, where it has been taken for one of them.
fn peers_of(args: &BenchArgs) -> (bool, Vec<&str>) {
    let words = args.passed_on.args.iter().map(String::as_str);
    let (flags, passed_on): (Vec<&str>, Vec<&str>) = words.partition(|word| *word == "--peers");
    (args.peers || !flags.is_empty(), passed_on)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        bench: BenchArgs,
    }

    #[test]
    fn peers_may_stand_anywhere_and_the_rest_is_passed_on() {
        for (line, peers, passed_on) in [
            ("", false, ""),
            ("--bench fill", false, "--bench fill"),
            ("--peers", true, ""),
            ("--peers --tokens 1M", true, "--tokens 1M"),
            ("--tokens 1M --peers --dir d", true, "--tokens 1M --dir d"),
            ("--peers -- --help", true, "--help"),
            (
                "--bench fill -- store-2m",
                false,
                "--bench fill -- store-2m",
            ),
        ] {
            let words = ["bench"].into_iter().chain(line.split_whitespace());
            let parsed = Line::try_parse_from(words).unwrap().bench;
            let passed_on: Vec<&str> = passed_on.split_whitespace().collect();
            assert_eq!(peers_of(&parsed), (peers, passed_on), "{line}");
        }
    }
}
