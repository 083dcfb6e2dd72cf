use ng_query::ParseFilterError;
use ng_query::index::IndexError;
use ng_query::order::SortError;

use crate::error::{CHANGED, Class, Error, INTERNAL, LOCKED, Value, errno};

/// A filter that does not parse: the message has the place with carets under it.
pub(super) fn unreadable(text: &str, error: &ParseFilterError) -> Error {
    let found = text.get(error.span()).unwrap_or(text);
    Error::new(Class::Value, error).of(
        "filter",
        Value::Text(found.to_owned()),
        "a filter such as \"weight > 0.9 and object\"",
    )
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
            // What stopped it raises why.
            other => Self::new(INTERNAL, other),
        }
    }
}
