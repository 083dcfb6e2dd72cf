use ng_arrow::{ReadError, WriteError};
use ng_store::CreateError;

use crate::error::{Class, Error, Value};

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        let text = error.to_string();
        match error {
            ReadError::Io(source) => Self::of_system(&text, &source),
            ReadError::Value {
                column,
                value,
                expected,
                ..
            } => Self::new(Class::Value, text).of(
                column.name(),
                Value::Text(value.to_string()),
                expected,
            ),
            ReadError::Null { column, .. } => {
                let value = Value::Text("null".into());
                Self::new(Class::Value, text).of(column.name(), value, "a value")
            }
            ReadError::Type {
                column,
                found,
                expected,
            } => Self::new(Class::Type, text).of(
                column.name(),
                Value::Text(found.to_string()),
                expected,
            ),
            ReadError::UnknownColumn(unknown) => Self::new(Class::Value, text).of(
                "columns",
                Value::Text(unknown.name.into()),
                "names such as id, weight or physical_x",
            ),
            _ => Self::new(Class::Value, text),
        }
    }
}

impl From<WriteError> for Error {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Io(error) => match error.downcast::<CreateError>() {
                Ok(error) => error.into(),
                Err(error) => Self::of_system(&error.to_string(), &error),
            },
            error => Self::new(Class::Value, error),
        }
    }
}
