//! `bench`.

use std::process::ExitCode;

use anyhow::{Result, anyhow};
use clap::{Args, ValueEnum};

use crate::cargo::cargo;
use crate::{PassedOn, peers, python};

#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// Compare with other stores instead; or query answers with DuckDB, Polars, numpy, scipy, faiss
    /// and pyarrow (by Python, in NG_PYTHON or python3): [--tokens N] [--dir PATH] [--rounds N]
    /// [--seed N]; or the Python package with Rust calls, numpy, Polars and DuckDB: [--count N]
    /// [--folder PATH] [--rounds N]
    #[arg(long, value_name = "WHAT", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "stores")]
    peers: Option<Peers>,

    #[command(flatten)]
    passed_on: PassedOn,
}

/// What is compared with peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Peers {
    /// Keeping tokens
    Stores,
    /// Queries over them
    Queries,
    /// The Python package
    Python,
}

pub(crate) fn bench(args: &BenchArgs) -> Result<ExitCode> {
    let (peers, passed_on) = peers_of(args)?;
    match peers {
        Some(Peers::Stores) => return peers::stores(&passed_on),
        Some(Peers::Queries) => return peers::queries(&passed_on),
        Some(Peers::Python) => return python::measure(&passed_on),
        None => {}
    }
    let arguments = ["bench", "--package", "ng-benches"].into_iter();
    cargo(arguments.chain(passed_on))?;
    Ok(ExitCode::SUCCESS)
}

/// Which peers are meant, and what is passed on: `--peers` may follow other options and be taken
/// for one of them.
fn peers_of(args: &BenchArgs) -> Result<(Option<Peers>, Vec<&str>)> {
    let mut peers = args.peers;
    let mut passed_on = Vec::new();
    for word in args.passed_on.args.iter().map(String::as_str) {
        match word.strip_prefix("--peers") {
            Some("") => peers = peers.or(Some(Peers::Stores)),
            Some(kind) if kind.starts_with('=') => peers = Some(kind_of(&kind[1..])?),
            _ => passed_on.push(word),
        }
    }
    Ok((peers, passed_on))
}

fn kind_of(name: &str) -> Result<Peers> {
    Peers::from_str(name, false)
        .map_err(|_| anyhow!("--peers={name}: expected --peers=stores, queries or python"))
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
        let (stores, queries) = (Some(Peers::Stores), Some(Peers::Queries));
        for (line, peers, passed_on) in [
            ("", None, ""),
            ("--bench fill", None, "--bench fill"),
            ("--peers", stores, ""),
            ("--peers=stores", stores, ""),
            ("--peers=queries", queries, ""),
            ("--peers --tokens 1M", stores, "--tokens 1M"),
            ("--peers=queries --tokens 1M", queries, "--tokens 1M"),
            ("--peers=python", Some(Peers::Python), ""),
            ("--tokens 1M --peers --dir d", stores, "--tokens 1M --dir d"),
            ("--tokens 1M --peers=queries", queries, "--tokens 1M"),
            ("--peers -- --help", stores, "--help"),
            ("--peers=queries -- --help", queries, "--help"),
            ("--bench fill -- store-2m", None, "--bench fill -- store-2m"),
        ] {
            let words = ["bench"].into_iter().chain(line.split_whitespace());
            let parsed = Line::try_parse_from(words).unwrap().bench;
            let passed_on: Vec<&str> = passed_on.split_whitespace().collect();
            assert_eq!(peers_of(&parsed).unwrap(), (peers, passed_on), "{line}");
        }
    }

    #[test]
    fn other_peers_are_refused_wherever_they_stand() {
        assert!(Line::try_parse_from(["bench", "--peers=guesses"]).is_err());
        let behind = ["bench", "--tokens", "1M", "--peers=guesses"];
        let parsed = Line::try_parse_from(behind).unwrap().bench;
        let told = peers_of(&parsed).unwrap_err().to_string();
        assert!(told.starts_with("--peers=guesses: expected"), "{told}");
    }
}
