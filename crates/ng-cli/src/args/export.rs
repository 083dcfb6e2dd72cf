use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::Args;
use clap::error::ErrorKind;
use ng_arrow::{Column, Compression, Form, Format, Layout};
use ng_query::Filter;

use super::generation::GenerationArg;
use super::query::{Columns, parse_columns, parse_filter};
use super::table::{Misused, format_parser, known_format, refuse_to_replace_stdout};
use super::{CacheArgs, parse_threads};
use crate::count::{TokenRange, parse_range};

pub(crate) const HELP: &str = "\
Examples:
  ng export a.ngt a.parquet
  ng export a.ngt a.csv --columns id,weight,physical --range 0..1k
  ng export a.ngt a.arrow --raw
  ng export a.ngt a.parquet --where weight>0.9
  ng export a.ngt - --format csv --columns position,id,timestamp | head
  ng export a.ngt a.parquet --compression none --replace

The names of columns are those that `ng create --from` takes: id, domain, entity_type,
local_id, flags, flags_entity_type, weight, radius, strength, timestamp, physical_x to
abstract_z, and position. A space means its three coordinates, `all` every column. The
default is all but position and flags_entity_type.

Exit codes:
  0    exported, or the reader of standard output closed it
  1    a bad block, or another error, and there is no new file; or exported by a block
       table that is not the committed one, or by an older commit because a newer one
       may be lost
  2    usage
  130  interrupted: there is no new file";

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// The token file to read, or the folder of a dataset
    pub(crate) source: PathBuf,

    /// The file to create; `-` is standard output
    pub(crate) destination: PathBuf,

    /// Export only the tokens that a filter matches, such as `weight > 0.9 and object`
    #[arg(long = "where", value_name = "FILTER", value_parser = parse_filter)]
    #[arg(allow_hyphen_values = true)]
    pub(crate) filter: Option<Filter>,

    /// The columns, in order, separated by commas [default: the fields]
    #[arg(long, value_name = "NAMES", value_parser = parse_columns)]
    columns: Option<Columns>,

    /// Write coordinates, radius and strength as stored, and times as seconds since 1970
    /// UTC
    #[arg(long)]
    pub(crate) raw: bool,

    /// The tokens to export, from A up to but not including B [default: all]
    #[arg(long, value_name = "A..B", value_parser = parse_range, allow_hyphen_values = true)]
    pub(crate) range: Option<TokenRange>,

    /// What to write [default: by the extension of DESTINATION]
    #[arg(long, value_name = "FORMAT", value_parser = format_parser())]
    format: Option<Format>,

    /// How Parquet is compressed [default: snappy]
    #[arg(long, value_name = "HOW", value_parser = ["snappy", "none"])]
    compression: Option<String>,

    /// Replace an existing file; for a symbolic link, its target
    #[arg(long)]
    pub(crate) replace: bool,

    /// Threads that encode, besides the one that reads [default: all of the machine's]
    #[arg(long, value_name = "N", value_parser = parse_threads, allow_hyphen_values = true)]
    pub(crate) threads: Option<NonZeroUsize>,

    #[command(flatten)]
    pub(crate) cache: CacheArgs,

    #[command(flatten)]
    pub(crate) generation: GenerationArg,
}

impl ExportArgs {
    /// Tells whether standard output takes the columns.
    pub(crate) fn is_to_stdout(&self) -> bool {
        self.destination == Path::new("-")
    }

    /// Refuses contradictions.
    pub(crate) fn check(&self) -> Result<(), Misused> {
        let format = self.format()?;
        refuse_to_replace_stdout("DESTINATION", self.replace && self.is_to_stdout())?;
        match self.compression {
            Some(_) if format != Format::Parquet => Err(Misused {
                kind: ErrorKind::ArgumentConflict,
                told: format!("--compression is for Parquet, and cannot be used with {format}"),
            }),
            _ => Ok(()),
        }
    }

    /// Returns what to write, or why that is unknown.
    pub(crate) fn format(&self) -> Result<Format, Misused> {
        known_format(
            self.format,
            &self.destination,
            ("DESTINATION", &Format::ALL.map(Format::name)),
        )
    }

    pub(crate) fn layout(&self) -> Layout {
        let form = if self.raw { Form::Raw } else { Form::Units };
        match &self.columns {
            Some(columns) => Layout::new(columns.0.as_slice(), form),
            None => Layout::new(Column::DEFAULT, form),
        }
    }

    pub(crate) fn compression(&self) -> Compression {
        let asked = self.compression.as_ref();
        asked.and_then(|name| name.parse().ok()).unwrap_or_default()
    }
}
