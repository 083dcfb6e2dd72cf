//! The arguments of `ng query`.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{ArgGroup, Args, ValueEnum};
use ng_query::ng_arrow::{Column, ColumnsError, Format};
use ng_query::{Ball, Filter, GroupBy, Measure, Operation, ParseFilterError, QuestionError};
use ng_token::TokenId;

use super::generation::GenerationArg;
use super::parse_threads;
use super::place::{NearPoint, parse_ball, parse_point};
use super::table::{Misused, known_format, refuse_to_replace_stdout};
use crate::count::parse_count;

pub(crate) const HELP: &str = "\
Without a question, the tokens themselves are shown, the first 20 of them in a table and
all of them in the other formats. Standard error shows what was looked at.

The file is mapped: nobody may truncate it or write over committed tokens meanwhile. With
--verified it is read instead, and every block whose records are looked at is verified.
An index in FILE.index/ is used as far as it can be believed (see `ng index`): what it
answers alone is not read, not even with --verified. --no-index reads it all.

Examples:
  ng query a.ngt --where active --count
  ng query a.ngt --where weight>0.9 --select id,weight,physical_x --limit 20
  ng query a.ngt --group-by entity_type --agg count,mean(weight)
  ng query a.ngt --top 10 --by weight
  ng query a.ngt --id 42,43
  ng query a.ngt --nearest physical:1.0,-2.25,0 -k 10 --where object
  ng query a.ngt --within physical:1.0,-2.25,0;0.5 --select id,weight
  ng query a.ngt --histogram weight --bins 40
  ng query a.ngt --where object --explain --count
  ng query a.ngt --where object --format csv | head
  ng query a.ngt --where object -o objects.parquet
  ng query a.ngd --where active --count    (a dataset)

Exit codes:
  0    answered, or who reads standard output has gone
  1    a damaged block or another error, and there is no new file; or answered from an
       older commit where a newer one may be lost, or without the damaged blocks that
       --skip-damaged left out
  2    usage, a filter that cannot be read among it
  130  interrupted: there is no new file";

/// The questions whose answers are not tokens.
const NO_TOKENS: [&str; 8] = [
    "count",
    "any",
    "agg",
    "group_by",
    "density",
    "influence",
    "histogram",
    "duplicates",
];

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("question").multiple(false).args([
    "count", "any", "agg", "top", "id", "nearest", "within", "density", "influence",
    "histogram", "sample", "duplicates",
]))]
pub(crate) struct QueryArgs {
    /// The token file, or the folder of a dataset
    pub(crate) file: PathBuf,

    /// Query only the tokens that a filter matches, such as `weight > 0.9 and object`
    #[arg(long = "where", value_name = "FILTER", value_parser = parse_filter)]
    #[arg(allow_hyphen_values = true)]
    pub(crate) filter: Option<Filter>,

    /// Count the tokens
    #[arg(long)]
    pub(crate) count: bool,

    /// Tell whether there is any token
    #[arg(long)]
    pub(crate) any: bool,

    /// Measure the tokens: count, and min, max, sum, mean, stddev, median, distinct or
    /// quantile of a column, with commas between [with --group-by alone: count]
    #[arg(long, value_name = "MEASURES", value_parser = parse_measures)]
    pub(crate) agg: Option<Measures>,

    /// Measure them in groups: entity_type, flags_entity_type, domain, a flag such as
    /// active or user_0, time(seconds), cell(space, size)
    #[arg(long, value_name = "GROUPS", value_parser = parse_groups)]
    #[arg(conflicts_with_all = [
        "count", "any", "top", "id", "nearest", "within", "density", "influence", "histogram",
        "sample", "duplicates",
    ])]
    pub(crate) group_by: Option<Groups>,

    /// Show the tokens with the greatest values of the column that --by names
    #[arg(long, value_name = "K", value_parser = parse_some, requires = "by")]
    pub(crate) top: Option<usize>,

    /// The column of --top
    #[arg(long, value_name = "COLUMN", requires = "top")]
    pub(crate) by: Option<Column>,

    /// The least values first
    #[arg(long, requires = "top")]
    pub(crate) least: bool,

    /// Show the tokens of some ids
    #[arg(long, value_name = "IDS", value_delimiter = ',', value_parser = parse_id)]
    pub(crate) id: Vec<TokenId>,

    /// Show the tokens nearest to a point, such as `physical: 1.0, -2.25, 0`; to
    /// points in several spaces: `physical: 1, 0, 0; motor * 0.5: 0, 0, 1`, whose squared
    /// distances are added up with their weights
    #[arg(long, value_name = "POINT", value_parser = parse_point)]
    pub(crate) nearest: Option<NearPoint>,

    /// How many
    #[arg(short, value_name = "K", value_parser = parse_some, default_value = "10")]
    #[arg(requires = "nearest")]
    pub(crate) k: usize,

    /// Show the tokens in a ball, such as `physical: 1.0, -2.25, 0; 0.5`
    #[arg(long, value_name = "BALL", value_parser = parse_ball)]
    pub(crate) within: Option<Ball>,

    /// Show how many tokens a ball has for each cubic unit
    #[arg(long, value_name = "BALL", value_parser = parse_ball)]
    pub(crate) density: Option<Ball>,

    /// Add up the fields of the tokens in a ball, at its centre
    #[arg(long, value_name = "BALL", value_parser = parse_ball)]
    pub(crate) influence: Option<Ball>,

    /// Count the values of a column in bins
    #[arg(long, value_name = "COLUMN")]
    pub(crate) histogram: Option<Column>,

    /// How many bins
    #[arg(long, value_name = "N", value_parser = parse_some, default_value = "20")]
    #[arg(requires = "histogram")]
    pub(crate) bins: usize,

    /// The range of the bins, in units [default: all values]
    #[arg(long, value_name = "LOW..HIGH", value_parser = parse_bin_range)]
    #[arg(requires = "histogram", allow_hyphen_values = true)]
    pub(crate) range: Option<Range<f64>>,

    /// Show tokens drawn at random
    #[arg(long, value_name = "N", value_parser = parse_some)]
    pub(crate) sample: Option<usize>,

    /// Seed of the sample: the same number draws the same tokens
    #[arg(long, value_name = "N", default_value_t = 0, requires = "sample")]
    pub(crate) seed: u64,

    /// Show the ids that more than one token has, and their positions
    #[arg(long)]
    pub(crate) duplicates: bool,

    /// The columns to show: names, and spaces for their three [default in a table: those
    /// of `ng head`; otherwise all]
    #[arg(long, value_name = "COLUMNS", value_parser = parse_columns)]
    #[arg(conflicts_with_all = NO_TOKENS)]
    pub(crate) select: Option<Columns>,

    /// Show at most this many tokens or ids [default in a table: 20]
    #[arg(long, value_name = "N", value_parser = parse_count, allow_hyphen_values = true)]
    #[arg(conflicts_with_all = [
        "count", "any", "agg", "group_by", "top", "nearest", "density", "influence", "histogram",
        "sample",
    ])]
    pub(crate) limit: Option<u64>,

    /// Show stored steps instead of units
    #[arg(long, conflicts_with_all = NO_TOKENS)]
    pub(crate) raw: bool,

    /// How to show the answer [default: table, or with --out by the extension of FILE]
    #[arg(long, value_name = "FORMAT")]
    format: Option<AnswerFormat>,

    /// Write the answer to a new file; `-` is standard output, as without this option
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Replace an existing file of --out; for a symbolic link, its target
    #[arg(long, requires = "out")]
    pub(crate) replace: bool,

    /// Show the plan first
    #[arg(long)]
    pub(crate) explain: bool,

    #[command(flatten)]
    pub(crate) way: WayArgs,
}

impl QueryArgs {
    /// The new file, if one is asked for.
    pub(crate) fn out(&self) -> Option<&Path> {
        self.out.as_deref().filter(|out| *out != Path::new("-"))
    }

    /// The operation, if it is more than a pass over what a filter matches.
    pub(crate) fn operation(&self) -> Option<Operation<'_>> {
        let top = self.by.filter(|_| self.top.is_some()).map(Operation::Top);
        let find = (!self.id.is_empty()).then_some(Operation::Find(&self.id));
        let nearest = self.nearest.as_ref();
        let nearest = nearest.map(|point| Operation::Nearest(&point.points));
        let sample = self.sample.map(|_| Operation::Sample);
        let duplicates = self.duplicates.then_some(Operation::Duplicates);
        top.or(find)
            .or(nearest)
            .or(self.within.as_ref().map(Operation::Within))
            .or(self.density.as_ref().map(Operation::Density))
            .or(self.influence.as_ref().map(Operation::Influence))
            .or(sample)
            .or(duplicates)
    }

    /// Refuses contradictions; `json` is whether the answer is for programs.
    pub(crate) fn check(&self, json: bool) -> Result<(), Misused> {
        self.format()?;
        refuse_to_replace_stdout("FILE", self.replace && self.out().is_none())?;
        let is_other = |format: &AnswerFormat| *format != AnswerFormat::Jsonl;
        match self.format.filter(is_other) {
            Some(format) if json && self.out().is_none() => Err(Misused {
                kind: ErrorKind::ArgumentConflict,
                told: format!(
                    "--json cannot be used with --format {}: it writes rows as lines of JSON",
                    format.name()
                ),
            }),
            _ => Ok(()),
        }
    }

    /// Returns the format of the file, `None` for a table, or why it is unknown.
    pub(crate) fn format(&self) -> Result<Option<Format>, Misused> {
        let asked = self.format.and_then(AnswerFormat::of_stream);
        let Some(out) = self.out() else {
            return Ok(asked);
        };
        match (self.format, asked) {
            (Some(AnswerFormat::Table), _) => Err(Misused {
                kind: ErrorKind::ArgumentConflict,
                told: "--format table is for people, not for the FILE of --out".to_owned(),
            }),
            // A file with a name can be read from its end, and mapped.
            (_, Some(Format::ArrowStream)) => Ok(Some(Format::Arrow)),
            (_, asked) => {
                let names: Vec<&str> = AnswerFormat::of_files().map(AnswerFormat::name).collect();
                known_format(asked, out, ("FILE", &names)).map(Some)
            }
        }
    }
}

/// How tokens are looked at.
#[derive(Debug, Args)]
pub(crate) struct WayArgs {
    /// Read the file instead of mapping it, and verify each block whose records are
    /// looked at
    #[arg(long)]
    pub(crate) verified: bool,

    /// Leave damaged blocks out, and report how many tokens they have
    #[arg(long, requires = "verified")]
    pub(crate) skip_damaged: bool,

    /// Ignore the index
    #[arg(long)]
    pub(crate) no_index: bool,

    /// Threads that search [default: all of the machine's]
    #[arg(long, value_name = "N", value_parser = parse_threads, allow_hyphen_values = true)]
    pub(crate) threads: Option<NonZeroUsize>,

    #[command(flatten)]
    pub(crate) generation: GenerationArg,
}

/// How an answer is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AnswerFormat {
    /// For people
    Table,
    /// Comma-separated lines, the names first
    Csv,
    /// A JSON object a line
    Jsonl,
    /// An Arrow stream, and with --out an Arrow file
    Arrow,
    /// A Parquet file
    Parquet,
}

impl AnswerFormat {
    fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Csv => Format::Csv.name(),
            Self::Jsonl => Format::JsonLines.name(),
            Self::Arrow => Format::Arrow.name(),
            Self::Parquet => Format::Parquet.name(),
        }
    }

    /// What a file can have.
    fn of_files() -> impl Iterator<Item = Self> {
        let all = Self::value_variants().iter().copied();
        all.filter(|format| format.of_stream().is_some())
    }

    /// As a stream of bytes; `None` for a table.
    fn of_stream(self) -> Option<Format> {
        match self {
            Self::Table => None,
            Self::Csv => Some(Format::Csv),
            Self::Jsonl => Some(Format::JsonLines),
            Self::Arrow => Some(Format::ArrowStream),
            Self::Parquet => Some(Format::Parquet),
        }
    }
}

// A list as the value of one option: clap takes a `Vec` for many values.
#[derive(Clone, Debug)]
pub(crate) struct Measures(pub(crate) Vec<Measure>);
#[derive(Clone, Debug)]
pub(crate) struct Groups(pub(crate) Vec<GroupBy>);
#[derive(Clone, Debug)]
pub(crate) struct Columns(pub(crate) Vec<Column>);

/// The message contains the filter, on its own lines.
pub(super) fn parse_filter(text: &str) -> Result<Filter, Box<ParseFilterError>> {
    text.parse().map_err(Box::new)
}

fn parse_measures(text: &str) -> Result<Measures, QuestionError> {
    Measure::list(text).map(Measures)
}

fn parse_groups(text: &str) -> Result<Groups, QuestionError> {
    GroupBy::list(text).map(Groups)
}

pub(super) fn parse_columns(text: &str) -> Result<Columns, ColumnsError> {
    Column::list(text).map(Columns)
}

fn parse_some(text: &str) -> Result<usize, String> {
    let count = parse_count(text).ok().filter(|count| *count > 0);
    count
        .and_then(|count| usize::try_from(count).ok())
        .ok_or_else(|| "expected a whole number from 1 on, such as 10 or 1k".to_owned())
}

fn parse_id(text: &str) -> Result<TokenId, String> {
    let number = match text.trim().strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.trim().parse().ok(),
    };
    number
        .map(TokenId::from_raw)
        .ok_or_else(|| "expected an id from 0 to 4294967295, such as 42 or 0x1000002a".to_owned())
}

fn parse_bin_range(text: &str) -> Result<Range<f64>, String> {
    let ends = text.split_once("..");
    ends.and_then(|(low, high)| Some(low.trim().parse().ok()?..high.trim().parse().ok()?))
        .filter(|range: &Range<f64>| range.start <= range.end && range.end - range.start < f64::MAX)
        .ok_or_else(|| "expected two numbers, the lesser one first, such as -1.5..2".to_owned())
}
