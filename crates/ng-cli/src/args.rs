//! The command line: verbs and their arguments.

mod dataset;
mod describe;
mod export;
mod generation;
mod index;
mod place;
mod query;
mod sort;
mod table;

use std::env;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{
    ArgGroup, ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum,
};
use ng_store::CachePolicy;
use ng_token::Validation;

use crate::count::{TokenRange, parse_count, parse_range};
use crate::help;
use crate::ids::Ids;
use crate::like::Like;

use dataset::join_retained;
pub(crate) use dataset::{
    ChangeArgs, DatasetAppendArgs, DatasetCheckoutArgs, DatasetCompactArgs, DatasetCreateArgs,
    DatasetDeleteArgs, DatasetFollowArgs, DatasetGcArgs, DatasetIndexArgs, DatasetInfoArgs,
    DatasetLogArgs, DatasetRepairArgs, DatasetReshardArgs, DatasetSortArgs, DatasetUpdateArgs,
    DatasetUpsertArgs, DatasetVerb, DatasetVerifyArgs, FollowFormat, StreamArgs,
};
pub(crate) use describe::DescribeArgs;
pub(crate) use export::ExportArgs;
use generation::GenerationArg;
pub(crate) use index::{BuildArgs, IndexArgs};
pub(crate) use place::NearPoint;
pub(crate) use query::{QueryArgs, WayArgs};
pub(crate) use sort::SortArgs;
pub(crate) use table::From as FromKind;
use table::{FromArgs, Misused};

/// The most threads allowed: more than any machine we know of has.
const MAX_THREADS: usize = 1024;

#[derive(Debug, Parser)]
#[command(name = "ng", version)]
#[command(about = "Works with files of NeuroGraph tokens", long_about = None)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Report as JSON on standard output, and errors as JSON on standard error
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Report only problems, and draw no progress bar
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create a token file from generated tokens, raw records or columns
    #[command(after_help = help::CREATE)]
    Create(CreateArgs),
    /// Append raw records or columns to a token file, all of them or none
    #[command(after_help = help::APPEND)]
    Append(AppendArgs),
    /// Show what a token file says about itself
    #[command(after_help = help::INFO)]
    Info(FileArgs),
    /// Check every block of a token file
    #[command(after_help = help::VERIFY)]
    Verify(VerifyArgs),
    /// Save what is whole of a damaged token file into a new one
    #[command(after_help = help::REPAIR)]
    Repair(RepairArgs),
    /// Show tokens
    #[command(after_help = help::HEAD)]
    Head(HeadArgs),
    /// Query the tokens: filters, counts, measures, the top, look-up by id
    #[command(after_help = query::HELP)]
    Query(Box<QueryArgs>),
    /// Show what the tokens are like: ranges, means and histograms of their columns
    #[command(after_help = describe::HELP)]
    Describe(DescribeArgs),
    /// Copy tokens, verified, into a new token file or into raw records
    #[command(after_help = help::COPY)]
    Copy(CopyArgs),
    /// Write tokens, verified, as columns for other tools
    #[command(after_help = export::HELP)]
    Export(Box<ExportArgs>),
    /// Give the spare room behind the tokens back to the disk
    #[command(after_help = help::TRIM)]
    Trim(FileArgs),
    /// Build the index of a token file, or bring it up to date
    #[command(after_help = index::HELP)]
    Index(IndexArgs),
    /// Sort a token file, verified, into a new one
    #[command(after_help = sort::HELP)]
    Sort(SortArgs),
    /// Many token files as one: streams, changes and deletions, generations
    #[command(subcommand)]
    Dataset(DatasetVerb),
    /// Print completions for a shell
    #[command(after_help = help::COMPLETIONS)]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

impl Command {
    /// Tells whether an existing file is to be replaced.
    pub(crate) fn replaces(&self) -> bool {
        match self {
            Self::Create(args) => args.replace,
            Self::Query(args) => args.replace,
            Self::Repair(args) => args.replace,
            Self::Copy(args) => args.replace,
            Self::Describe(args) => args.replace,
            Self::Export(args) => args.replace,
            Self::Sort(args) => args.replace,
            Self::Dataset(verb) => verb.replaces(),
            _ => false,
        }
    }

    /// Refuses contradictions that clap accepted; `json` is whether the answer is for programs.
    fn check(&self, json: bool) -> Result<(), Misused> {
        match self {
            Self::Copy(args) => args.check(),
            Self::Export(args) => args.check(),
            Self::Query(args) => args.check(json),
            Self::Dataset(verb) => verb.check(json),
            Self::Append(args) => args.from_args.check(&args.from),
            Self::Create(args) => match &args.from {
                Some(from) => args.from_args.check(from),
                None => args.from_args.check_unused(),
            },
            _ => Ok(()),
        }
    }

    pub(crate) fn repairs(&self) -> bool {
        matches!(self, Self::Repair(_))
    }

    /// Tells whether a file without a commit slot is to be repaired.
    pub(crate) fn salvages(&self) -> bool {
        matches!(self, Self::Repair(args) if args.salvage)
    }

    /// Tells whether an existing file is written to.
    pub(crate) fn appends(&self) -> bool {
        matches!(self, Self::Append(_) | Self::Trim(_))
    }
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("content").required(true).args(["tokens", "from"]))]
pub(crate) struct CreateArgs {
    /// The token file to create
    pub(crate) file: PathBuf,

    /// Generate this many tokens, with ids from their indices, or varied ones with --like
    #[arg(long, value_name = "N", value_parser = parse_count, allow_hyphen_values = true)]
    #[arg(conflicts_with = "validate")]
    pub(crate) tokens: Option<u64>,

    /// How an index becomes an id [default: raw, with a warning beyond 2^24 tokens]
    #[arg(long, value_name = "KIND", conflicts_with = "from")]
    pub(crate) ids: Option<Ids>,

    /// Generate varied tokens in order of time, every field filled, ids unique up to 2^32
    /// tokens; the same on every machine
    #[arg(long, value_name = "KIND", conflicts_with_all = ["from", "ids"])]
    pub(crate) like: Option<Like>,

    /// Seed of the varied tokens [default: 0]
    #[arg(long, value_name = "N", requires = "like", allow_hyphen_values = true)]
    pub(crate) seed: Option<u64>,

    /// Read raw 64-byte records, or columns, from a file, or from standard input with `-`
    #[arg(long, value_name = "INPUT")]
    pub(crate) from: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) from_args: FromArgs,

    #[command(flatten)]
    pub(crate) count: ExpectedCount,

    /// Replace an existing file; for a symbolic link, its target
    #[arg(long)]
    pub(crate) replace: bool,

    /// Make the file for this many tokens [default: 2^32, or --tokens if more]
    #[arg(long, value_name = "N", value_parser = parse_max_tokens, allow_hyphen_values = true)]
    pub(crate) max_tokens: Option<u64>,

    /// A number to keep beside the tokens
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        allow_hyphen_values = true
    )]
    pub(crate) tag: u64,

    /// Threads that generate [default: all of the machine's]
    #[arg(long, value_name = "N", value_parser = parse_threads, allow_hyphen_values = true)]
    #[arg(conflicts_with = "from")]
    pub(crate) threads: Option<NonZeroUsize>,

    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

impl CreateArgs {
    /// How an index becomes an id, if it does.
    pub(crate) fn ids(&self) -> Option<Ids> {
        let is_plain = self.tokens.is_some() && self.like.is_none();
        is_plain.then(|| self.ids.unwrap_or_default())
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed.unwrap_or(0)
    }
}

#[derive(Debug, Args)]
pub(crate) struct AppendArgs {
    /// The token file to append to
    pub(crate) file: PathBuf,

    /// Raw 64-byte records, or columns, from a file, or from standard input with `-`
    #[arg(long, value_name = "INPUT")]
    pub(crate) from: PathBuf,

    #[command(flatten)]
    pub(crate) from_args: FromArgs,

    #[command(flatten)]
    pub(crate) count: ExpectedCount,

    /// A number to keep beside the tokens [default: the existing one]
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub(crate) tag: Option<u64>,

    /// If the slot of a newer commit is lost, continue from the older one, and
    /// overwrite what the newer one may have had
    #[arg(long)]
    pub(crate) older_commit: bool,

    /// Close a last block that is damaged and has no image, and append behind it; it
    /// stays a damaged block
    #[arg(long)]
    pub(crate) damaged_tail: bool,

    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

/// The rules for a valid token.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Rules {
    /// A weight of 0 or more, the same entity type in id and flags, no future time
    Strict,
    /// What NeuroGraph allows: a weight of 0 to 100 or NaN, any entity type in the
    /// flags, a clock that is up to an hour ahead
    Upstream,
}

impl From<Rules> for Validation {
    fn from(rules: Rules) -> Self {
        match rules {
            Rules::Strict => Self::Strict,
            Rules::Upstream => Self::Upstream,
        }
    }
}

/// How many records to expect. A pipe ends the same way whether its writer
/// succeeded or failed.
#[derive(Debug, Args)]
pub(crate) struct ExpectedCount {
    /// Refuse an input with more or fewer records; at most one beyond them is read
    #[arg(long, value_name = "N", value_parser = parse_count, allow_hyphen_values = true)]
    #[arg(requires = "from")]
    pub(crate) expect: Option<u64>,
}

/// The cache policy.
#[derive(Debug, Args)]
pub(crate) struct CacheArgs {
    /// What happens to the cached pages of the tokens
    #[arg(long = "cache", value_name = "POLICY", default_value = "auto")]
    policy: Cache,
}

impl CacheArgs {
    pub(crate) fn policy(&self) -> CachePolicy {
        match self.policy {
            Cache::Auto => CachePolicy::Auto,
            Cache::Keep => CachePolicy::Keep,
            Cache::Bypass => CachePolicy::Bypass,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Cache {
    /// Bypass for more than 1 GiB written, and for more than a quarter of the available
    /// memory read
    Auto,
    /// Leave them in memory
    Keep,
    /// Leave nothing there that was not there before, except the last MiB written
    Bypass,
}

#[derive(Debug, Args)]
pub(crate) struct FileArgs {
    /// The token file
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The token file
    pub(crate) file: PathBuf,

    /// Threads that read and hash [default: all of the machine's]
    #[arg(long, value_name = "N", value_parser = parse_threads, allow_hyphen_values = true)]
    pub(crate) threads: Option<NonZeroUsize>,

    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RepairArgs {
    /// The damaged token file, which is not changed
    pub(crate) file: PathBuf,

    /// The token file to create, another than the damaged one
    pub(crate) out: PathBuf,

    /// Leave bad blocks out instead of putting zero tokens in their place
    #[arg(long)]
    pub(crate) compact: bool,

    /// If the slot of a newer commit is lost, take the older one instead of what can
    /// be proven of the newer one
    #[arg(long)]
    pub(crate) older_commit: bool,

    /// Repair also a file that has no commit slot left, if a copy of its header is
    /// sound
    #[arg(long)]
    pub(crate) salvage: bool,

    /// Keep blocks that cannot be checked as they are
    #[arg(long)]
    pub(crate) keep_unproven: bool,

    /// Replace an existing file; for a symbolic link, its target
    #[arg(long)]
    pub(crate) replace: bool,

    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

#[derive(Debug, Args)]
pub(crate) struct HeadArgs {
    /// The token file, or the folder of a dataset
    pub(crate) file: PathBuf,

    /// How many tokens to show
    #[arg(short = 'n', long = "count", value_name = "N", default_value = "10")]
    #[arg(value_parser = parse_count, allow_hyphen_values = true)]
    pub(crate) count: u64,

    /// The index of the first one
    #[arg(long, value_name = "INDEX", default_value = "0")]
    #[arg(value_parser = parse_count, allow_hyphen_values = true)]
    pub(crate) from: u64,

    #[command(flatten)]
    pub(crate) generation: GenerationArg,
}

#[derive(Debug, Args)]
pub(crate) struct CopyArgs {
    /// The token file to read
    pub(crate) source: PathBuf,

    /// The file to create; with --raw, `-` is standard output
    pub(crate) destination: PathBuf,

    /// The tokens to copy, from A up to but not including B [default: all]
    #[arg(long, value_name = "A..B", value_parser = parse_range, allow_hyphen_values = true)]
    pub(crate) range: Option<TokenRange>,

    /// Write plain 64-byte records
    #[arg(long)]
    pub(crate) raw: bool,

    /// Replace an existing file; for a symbolic link, its target
    #[arg(long)]
    pub(crate) replace: bool,

    /// Threads that read and hash [default: all of the machine's]
    #[arg(long, value_name = "N", value_parser = parse_threads, allow_hyphen_values = true)]
    pub(crate) threads: Option<NonZeroUsize>,

    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

impl CopyArgs {
    /// Tells whether a token file is to get a name for plain records.
    pub(crate) fn has_raw_name(&self) -> bool {
        let extension = self.destination.extension();
        !self.raw && extension.is_some_and(|extension| extension.eq_ignore_ascii_case("raw"))
    }

    /// Tells whether standard output takes the tokens.
    pub(crate) fn is_to_stdout(&self) -> bool {
        self.destination == Path::new("-")
    }

    fn check(&self) -> Result<(), Misused> {
        table::refuse_to_replace_stdout("DESTINATION", self.replace && self.is_to_stdout())?;
        if self.is_to_stdout() && !self.raw {
            let told = "`-` as DESTINATION needs --raw: a token file is not a stream";
            return Err(Misused {
                kind: ErrorKind::MissingRequiredArgument,
                told: told.to_owned(),
            });
        }
        Ok(())
    }
}

impl Cli {
    /// Parses the command line.
    pub(crate) fn parse_checked() -> Result<Self, clap::Error> {
        let mut command = Self::command();
        let matches = command.try_get_matches_from_mut(join_retained(env::args_os()))?;
        let cli = Self::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
        let checked = cli.command.check(cli.json);
        checked
            .map_err(|Misused { kind, told }| verb_of(&mut command, &matches).error(kind, told))?;
        Ok(cli)
    }
}

/// The verb that was asked for, of a verb with verbs of its own too.
fn verb_of<'c>(command: &'c mut clap::Command, matches: &ArgMatches) -> &'c mut clap::Command {
    match matches.subcommand() {
        Some((name, matches)) if command.find_subcommand(name).is_some() => {
            // Found a line above.
            match command.find_subcommand_mut(name) {
                Some(verb) => verb_of(verb, matches),
                None => unreachable!("{name} was found"),
            }
        }
        _ => command,
    }
}

fn parse_max_tokens(text: &str) -> Result<u64, String> {
    parse_count(text)
        .ok()
        .filter(|count| *count > 0)
        .ok_or_else(|| "expected a whole number from 1 on, such as 1000, 10k or 4G".to_owned())
}

fn parse_threads(text: &str) -> Result<NonZeroUsize, String> {
    text.parse::<NonZeroUsize>()
        .ok()
        .filter(|threads| threads.get() <= MAX_THREADS)
        .ok_or_else(|| format!("expected a whole number from 1 to {MAX_THREADS}"))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    /// The commands of an example, without their comments.
    fn commands(example: &str) -> impl Iterator<Item = &str> {
        let line = example.split("  (").next().unwrap_or_default();
        line.split(" | ").map(str::trim)
    }

    #[test]
    fn every_verb_has_examples_that_can_be_run() {
        let cli = Cli::command();
        let (sets, plain): (Vec<_>, Vec<_>) = cli
            .get_subcommands()
            .partition(|verb| verb.has_subcommands());
        let of_sets = sets.iter().flat_map(|set| {
            let verbs = set.get_subcommands();
            verbs.map(|verb| (format!("ng {} {} ", set.get_name(), verb.get_name()), verb))
        });
        let plain = plain.iter();
        let plain = plain.map(|verb| (format!("ng {} ", verb.get_name()), *verb));
        for (own, verb) in plain.chain(of_sets) {
            let help = verb.get_after_help().map(ToString::to_string);
            let help = help.unwrap_or_default();
            let (_, rest) = help.split_once("Examples:\n").unwrap_or_default();
            let (examples, codes) = rest.split_once("\n\nExit codes:\n").unwrap_or_default();
            let mut count = 0;
            for command in examples.lines().flat_map(commands) {
                if command.starts_with("ng ") {
                    let words = command.split_ascii_whitespace().map(OsString::from);
                    let parsed = Cli::try_parse_from(join_retained(words));
                    assert!(parsed.is_ok(), "{command}: {parsed:?}");
                }
                count += usize::from(command.starts_with(&own));
            }
            assert!(count >= 2, "{own}has {count} examples");
            for code in ["  0 ", "  1 ", "  2 "] {
                assert!(codes.contains(code), "no {code:?} of {own}");
            }
        }
    }
}
