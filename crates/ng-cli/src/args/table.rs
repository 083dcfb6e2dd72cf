//! Options about columns that are read or written.

use std::path::Path;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use ng_arrow::{Form, Format};

use super::Rules;

/// What is wrong with options that clap accepted.
#[derive(Debug, thiserror::Error)]
#[error("{told}")]
pub(crate) struct Misused {
    pub(super) kind: ErrorKind,
    pub(super) told: String,
}

/// What `--from` reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    /// Plain 64-byte records.
    Raw,
    /// Columns; for text, the form that was given.
    Table(Format, Option<Form>),
}

#[derive(Debug, Args)]
pub(crate) struct FromArgs {
    /// What --from reads [default: by its extension, else raw records]
    #[arg(long, value_name = "FORMAT", value_parser = from_parser())]
    format: Option<From>,

    /// Take whole numbers in CSV and JSON lines as stored steps, as `ng export --raw`
    /// writes them
    #[arg(long, conflicts_with = "units")]
    raw: bool,

    /// Take whole numbers in CSV and JSON lines as units, if others wrote 2.0 as 2
    #[arg(long)]
    units: bool,

    /// Refuse records that are not valid tokens now [without RULES: strict]
    #[arg(long, value_name = "RULES", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "strict")]
    pub(crate) validate: Option<Rules>,
}

impl FromArgs {
    /// Returns how a file is read.
    pub(crate) fn of(&self, from: &Path) -> From {
        let by_name = || Format::of_path(from).map(|format| From::Table(format, None));
        match self.format.or_else(by_name) {
            Some(From::Table(format, _)) => From::Table(format, self.form()),
            _ => From::Raw,
        }
    }

    fn form(&self) -> Option<Form> {
        match (self.raw, self.units) {
            (true, _) => Some(Form::Raw),
            (_, true) => Some(Form::Units),
            _ => None,
        }
    }

    /// Refuses options about an input if there is none.
    pub(crate) fn check_unused(&self) -> Result<(), Misused> {
        if self.format.is_none() && self.form().is_none() && self.validate.is_none() {
            return Ok(());
        }
        Err(Misused {
            kind: ErrorKind::MissingRequiredArgument,
            told: "--format, --raw, --units and --validate need --from".to_owned(),
        })
    }

    /// Refuses to be given what the types of a file say already.
    pub(crate) fn check(&self, from: &Path) -> Result<(), Misused> {
        let is_text = matches!(self.of(from), From::Table(format, _) if format.is_text());
        match self.form() {
            Some(form) if !is_text => {
                let told = format!("--{form} is for CSV and JSON lines: other columns have types");
                Err(Misused {
                    kind: ErrorKind::ArgumentConflict,
                    told,
                })
            }
            _ => Ok(()),
        }
    }
}

/// Parses the name of a format.
pub(crate) fn format_parser() -> impl TypedValueParser<Value = Format> {
    let names = PossibleValuesParser::new(Format::ALL.map(Format::name));
    names.try_map(|name| name.parse::<Format>())
}

const RAW: &str = "raw";

fn from_parser() -> impl TypedValueParser<Value = From> {
    let formats = Format::ALL.map(Format::name);
    let names = PossibleValuesParser::new([RAW].into_iter().chain(formats));
    names.map(|name| match Format::of_name(&name) {
        Some(format) => From::Table(format, None),
        None => From::Raw,
    })
}

/// The format asked for, or that of a path's extension; `names` are those allowed.
pub(crate) fn known_format(
    asked: Option<Format>,
    path: &Path,
    (argument, names): (&str, &[&str]),
) -> Result<Format, Misused> {
    asked.or_else(|| Format::of_path(path)).ok_or_else(|| {
        let names = names.join(", ");
        let told = format!("the extension of {argument} names no format; --format does: {names}");
        Misused {
            kind: ErrorKind::MissingRequiredArgument,
            told,
        }
    })
}

/// Refuses to replace what is not a file.
pub(super) fn refuse_to_replace_stdout(argument: &str, is_asked: bool) -> Result<(), Misused> {
    match is_asked {
        true => Err(Misused {
            kind: ErrorKind::ArgumentConflict,
            told: format!("--replace cannot be used with `-` as {argument}: nothing is there"),
        }),
        false => Ok(()),
    }
}
