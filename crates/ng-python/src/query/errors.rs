use ng_query::index::IndexError;
use ng_query::ng_arrow::UnknownColumn;
use ng_query::order::{OrderError, SortError};
use ng_query::{Filter, ParseFilterError, QuestionError};

use crate::error::{CHANGED, Class, Error, INTERNAL, LOCKED, Value, errno};

/// Parses a filter.
pub(crate) fn filter_of(text: &str) -> Result<Filter, Error> {
    text.parse().map_err(|error| unreadable(text, &error))
}

/// A filter that does not parse: the message shows the place with carets under it.
pub(super) fn unreadable(text: &str, error: &ParseFilterError) -> Error {
    let found = text.get(error.span()).unwrap_or(text);
    Error::new(Class::Value, error).of(
        "filter",
        Value::Text(found.to_owned()),
        "a filter such as \"weight > 0.9 and object\"",
    )
}

impl From<QuestionError> for Error {
    fn from(error: QuestionError) -> Self {
        let made = Self::new(Class::Value, &error);
        match facts(&error) {
            Some((field, value, expected)) => made.of(field, value, expected),
            None => made,
        }
    }
}

/// Which parameter makes no sense, with its value, and what it takes.
fn facts(error: &QuestionError) -> Option<(&'static str, Value, String)> {
    use QuestionError as E;
    let text = |text: &str| Value::Text(text.to_owned());
    let (field, value, expected) = match error {
        E::NoneWanted => ("k", Value::Whole(0), "1 or more".into()),
        E::NoSpace => ("weights", text("{}"), "1 to 8 spaces".into()),
        E::SpaceTwice { space } => ("weights", text(space.name()), "each space once".into()),
        E::SpaceWeight { weight, .. } => (
            "weights",
            Value::Number(*weight),
            "0 or more, and finite".into(),
        ),
        E::Places { places, spaces } => (
            "points",
            Value::Whole(*places as i128),
            format!("{spaces}, one for each space"),
        ),
        E::Coordinate { value, .. } => ("points", Value::Number(*value), "a finite number".into()),
        E::Radius { radius, expected } => {
            ("radius", Value::Number(*radius), (*expected).to_owned())
        }
        E::Column(unknown) => ("column", text(&unknown.name), name_of_column(unknown)),
        E::Measure {
            text: found,
            expected,
        } => ("measures", text(found), (*expected).to_owned()),
        E::NotStored { column } => ("column", text(column.name()), "one that is stored".into()),
        E::Bins { count, most } => ("bins", Value::Whole(*count as i128), format!("1 to {most}")),
        E::BinRange { low, high } => (
            "range",
            Value::Text(format!("({low:?}, {high:?})")),
            "a finite range that does not end before it begins".into(),
        ),
        E::Quantile { share } => ("measures", Value::Number(*share), "0.0 to 1.0".into()),
        E::GroupBy { text: found } => (
            "by",
            text(found),
            "entity_type, flags_entity_type, domain, a flag, time(seconds) or cell(space, size)"
                .into(),
        ),
        E::Twice { what } => ("by", text(what), "each key and measure once".into()),
        E::GroupKeys { bits, most } => (
            "by",
            Value::Whole((*bits).into()),
            format!("keys of at most {most} bits"),
        ),
        _ => return None,
    };
    Some((field, value, expected))
}

/// What is expected in place of a column name.
pub(crate) fn name_of_column(unknown: &UnknownColumn) -> String {
    match unknown.nearest {
        Some(nearest) => nearest.name().to_owned(),
        None => "the name of a column, such as id, weight or physical_x".to_owned(),
    }
}

impl From<OrderError> for Error {
    fn from(error: OrderError) -> Self {
        use OrderError as E;
        let text = error.to_string();
        let (value, expected) = match error {
            E::Empty => (String::new(), "a space, time, id, weight or other columns"),
            E::Unknown { name, nearest } => (name, nearest),
            E::Repeated { part } => (part.to_string(), "each part once"),
            E::Position => ("position".into(), "a column other than the position"),
            E::TooLong { bits } => (format!("{bits} bits"), "at most 64 bits"),
            other => return Self::new(Class::Value, other),
        };
        Self::new(Class::Value, text).of("by", Value::Text(value), expected)
    }
}

impl From<IndexError> for Error {
    fn from(error: IndexError) -> Self {
        let text = error.to_string();
        match error {
            IndexError::Io { path, source, .. } => Self::of_system(&text, &source).at(&path),
            IndexError::Locked { path } => Self::new(LOCKED, text).at(&path),
            IndexError::Read(error) => error.into(),
            IndexError::Changed { path } => Self::new(CHANGED, text).at(&path),
            IndexError::NotStored { column } => Self::new(Class::Value, text).of(
                "columns",
                Value::Text(column.to_string()),
                "columns that are stored",
            ),
            IndexError::Parallel(error) => error.into(),
            other => Self::new(INTERNAL, other),
        }
    }
}

impl From<SortError> for Error {
    fn from(error: SortError) -> Self {
        let text = error.to_string();
        match error {
            SortError::Open(error) => error.into(),
            SortError::Read(error) => error.into(),
            SortError::Create(error) | SortError::WriteTemporary(error) => error.into(),
            SortError::SameFile { path } => Self::new(Class::Value, text).at(&path).of(
                "path",
                Value::Text(path.display().to_string()),
                "another path than that of the file",
            ),
            SortError::Memory { given, least, .. } => Self::new(Class::Value, text).of(
                "memory",
                Value::Whole(given.into()),
                format_args!("{least} bytes or more"),
            ),
            SortError::NoRoom { folder, .. } => Self::new(Class::Os, text)
                .at(&folder)
                .errno(errno::NO_SPACE),
            SortError::Temporary { path, source } => Self::of_system(&text, &source).at(&path),
            SortError::OutOfMemory(error) => error.into(),
            SortError::Parallel(error) => error.into(),
            // What stopped it is raised instead.
            other => Self::new(INTERNAL, other),
        }
    }
}
